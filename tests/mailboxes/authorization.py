"""A real authorization server in this process (authlib): code with PKCE, tokens that end, refresh tokens that change."""

from __future__ import annotations

import logging
import secrets
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

with warnings.catch_warnings():
    # It asks for its warnings to be always shown when it is imported.
    import authlib.deprecate  # noqa: F401

    warnings.simplefilter("ignore")
    import flask
    from authlib.integrations.flask_oauth2 import AuthorizationServer
    from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
    from authlib.oauth2.rfc6749.models import AuthorizationCodeMixin
    from authlib.oauth2.rfc7636 import CodeChallenge

from werkzeug.serving import make_server

CLIENT, SECRET, SCOPE = "enishi at tidewall", "s3cret & of the client", "mail offline_access"
PAGE = """<!doctype html><title>Kazami</title><h1>Kazami post</h1><p>Enishi asks for: %s</p>
<form method="post"><button name="allow" value="1">Allow</button><button name="allow" value="">Refuse</button></form>"""


class Client(ClientMixin):
    backs: list[str] = []
    secret = SECRET

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self.backs[0]

    def get_allowed_scope(self, scope: str) -> str:
        return scope if scope == SCOPE else ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.backs

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_post"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in {"authorization_code", "refresh_token"}


@dataclass
class Code(AuthorizationCodeMixin):
    code: str
    redirect_uri: str
    scope: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


@dataclass
class Token(TokenMixin):
    refresh: str
    scope: str

    def check_client(self, client: Client) -> bool:
        return True

    def get_scope(self) -> str:
        return self.scope

    def get_expires_in(self) -> int:
        return 3600

    def is_expired(self) -> bool:
        return False

    def is_revoked(self) -> bool:
        return False


@dataclass
class Kazami:
    """The server as a test sees it. ``good`` are the tokens that open a mailbox, ``asked`` how often it was asked for what."""

    url: str = ""
    lasts: int = 3600
    pause: float = 0
    broken: bool = False
    lasting: bool = True
    client: Client = field(default_factory=Client)
    codes: dict[str, Code] = field(default_factory=dict)
    refreshes: dict[str, Token] = field(default_factory=dict)
    good: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    @property
    def address(self) -> dict[str, str]:
        return {"authorize_url": f"{self.url}/authorize", "token_url": f"{self.url}/token", "scope": SCOPE}

    def withdraw(self) -> None:
        """Somebody takes the permission back: neither the tokens nor the right to new ones are left."""
        self.good.clear()
        self.refreshes.clear()

    def save(self, token: dict[str, Any], request: Any) -> None:
        self.good.add(token["access_token"])
        if "refresh_token" in token:
            self.refreshes[token["refresh_token"]] = Token(token["refresh_token"], token["scope"])


def _server(kazami: Kazami) -> flask.Flask:
    app = flask.Flask("kazami")
    app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = lambda **_: (
        secrets.token_urlsafe(20) if kazami.lasting else None
    )
    server = AuthorizationServer(
        app, query_client=lambda pk: kazami.client if pk == CLIENT else None, save_token=kazami.save
    )

    class ByCode(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]

        def save_authorization_code(self, code: str, request: Any) -> None:
            given = request.payload.data
            kazami.codes[code] = Code(
                code,
                given["redirect_uri"],
                given["scope"],
                given["code_challenge"],
                given["code_challenge_method"],
            )

        def query_authorization_code(self, code: str, client: Any) -> Code | None:
            return kazami.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del kazami.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> str:
            return "office"

    class ByRefresh(grants.RefreshTokenGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]
        INCLUDE_NEW_REFRESH_TOKEN = True

        def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
            return kazami.refreshes.get(refresh_token)

        def authenticate_user(self, refresh_token: Token) -> str:
            return "office"

        def revoke_old_credential(self, refresh_token: Token) -> None:
            del kazami.refreshes[refresh_token.refresh]

    server.register_grant(ByCode, [CodeChallenge(required=True)])
    server.register_grant(ByRefresh)
    app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {}

    @app.route("/authorize", methods=["GET", "POST"])
    def authorize() -> Any:
        if flask.request.method == "GET":
            grant = server.get_consent_grant(end_user="office")
            assert grant.request.payload.data["code_challenge_method"] == "S256"
            return PAGE % flask.request.args["scope"]
        allowed = "office" if flask.request.form.get("allow") else None
        return server.create_authorization_response(
            grant_user=allowed, grant=server.get_consent_grant("office")
        )

    @app.post("/token")
    def token() -> Any:
        kazami.asked.append(flask.request.form["grant_type"])
        time.sleep(kazami.pause)
        if kazami.broken:
            return "down", 503
        answer = server.create_token_response()
        if answer.is_json and "access_token" in answer.json:
            told = {**answer.json, "expires_in": kazami.lasts}
            answer.set_data(flask.json.dumps(told))
        return answer

    return app


@contextmanager
def open_authorization(*backs: str) -> Iterator[Kazami]:
    """Run one that sends browsers back to these addresses only."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    kazami = Kazami()
    kazami.client.backs = list(backs)
    running = make_server("127.0.0.1", 0, _server(kazami), threaded=True)
    kazami.url = f"http://127.0.0.1:{running.server_port}"
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        yield kazami
    finally:
        running.shutdown()
        thread.join(10)
        running.server_close()
