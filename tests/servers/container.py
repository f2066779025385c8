"""A server in a Docker container, through testcontainers, which also removes it when pytest is killed."""

import secrets

from testcontainers.core.container import DockerContainer

from tests.servers.choice import Container, ServerError
from tests.servers.ready import await_ready

_MYSQLD = ["--character-set-server=utf8mb4", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=2"]
_POSTGRES = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_locks_per_transaction=1024"]


class ContainerServer:
    """A server of this test run alone: it answers when the constructor returns.

    Docker may publish its port beyond the loopback interface, so it gets a password of its own.
    """

    def __init__(self, choice: Container) -> None:
        password = secrets.token_hex(12)
        scheme, port, user, path = "mysql+pymysql", 3306, "root", ""
        self._container = DockerContainer(choice.image)
        match choice.engine:
            case "mysql":
                self._container.with_env("MYSQL_ROOT_PASSWORD", password).with_command(_MYSQLD)
            case "mariadb":
                self._container.with_env("MARIADB_ROOT_PASSWORD", password).with_command(_MYSQLD)
            case _:
                self._container.with_env("POSTGRES_PASSWORD", password).with_command(_POSTGRES)
                scheme, port, user, path = "postgresql+psycopg", 5432, "postgres", "postgres"
        self._container.with_exposed_ports(port)
        self._container.start()
        try:
            host, published = self._container.get_container_host_ip(), self._container.get_exposed_port(port)
            self.url = f"{scheme}://{user}:{password}@{host}:{published}/{path}"
            await_ready(choice.engine, self.url, alive=self._runs)
        except ServerError as error:
            said = self._end_of_log()
            self.stop()
            raise ServerError(f"{error}\n{said}") from None
        except BaseException:
            self.stop()
            raise

    def ended(self) -> str | None:
        """Return what its log says last where it has ended by itself, and None while it runs."""
        return None if self._runs() else self._end_of_log()

    def stop(self) -> None:
        """End the server and remove its container."""
        self._container.stop()

    def _runs(self) -> bool:
        self._container.reload()
        return self._container.status in {"created", "running"}

    def _end_of_log(self) -> str:
        out, err = self._container.get_logs()
        return (out + err).decode(errors="replace")[-3000:]
