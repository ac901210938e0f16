"""Exposes `app` for any WSGI server."""

from audit_api.app import create_app
from audit_api.settings import from_env

app = create_app(from_env())
