"""Plans <-> revision files."""
