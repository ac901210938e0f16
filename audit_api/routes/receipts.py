"""Receipts: checked by anyone who holds one, with public keys that everybody can fetch."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api.auth import public
from audit_api.extensions import Blueprint, services
from audit_api.operations import receipts
from audit_api.schemas.receipts import ReceiptSchema, ReceiptVerdictSchema, SigningKeysSchema

blp = Blueprint("receipts", __name__, url_prefix="/v1", description="Receipts, and the keys to check them with")


@blp.route("/receipt-keys")
class ReceiptKeys(MethodView):
    """The public keys."""

    @public
    @blp.response(200, SigningKeysSchema)
    def get(self) -> Any:
        """List the public keys of receipts: the present one and those before."""
        return receipts.list_keys(services().settings)


@blp.route("/receipt-verifications")
class ReceiptVerifications(MethodView):
    """Checks of receipts."""

    @public
    @blp.arguments(ReceiptSchema)
    @blp.response(200, ReceiptVerdictSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Check a receipt: is its signature good, and is the very same kept here."""
        return receipts.verify_receipt(body, services().settings)
