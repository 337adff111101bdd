"""The database: tables, migrations, writer and reader."""
