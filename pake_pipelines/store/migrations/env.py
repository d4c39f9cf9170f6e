"""Alembic's environment: one connection, one transaction, the version table in our own schema."""

from alembic import context
from sqlalchemy import create_engine, pool, text

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS pake"))
    connection.commit()
    context.configure(connection=connection, version_table_schema="pake")
    with context.begin_transaction():
        context.run_migrations()
