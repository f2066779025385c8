"""Operations -> SQL. Pure."""
