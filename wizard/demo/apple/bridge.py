"""The trusted-device bridge of 2026: a websocket that carries pushes, and the steps in which a browser proves the code.

The shapes are those that pyicloud's hsa2_bridge sends and accepts; how Apple words them beyond that is not known here.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import WSMsgType, web

from wizard.demo.apple import answers, push_protocol, spake2
from wizard.demo.apple.signin import REFUSING_PUSH_HOST, lost_sign_in, proved_sign_in, session_headers
from wizard.demo.apple.state import Person, SignIn, State


@dataclass(slots=True)
class Courier:
    """One open websocket; pushes wait until the browser has said which topic it wants."""

    socket: web.WebSocketResponse
    topic: asyncio.Future[str]
    pushes: int = 0

    async def push(self, payload: Mapping[str, object]) -> None:
        self.pushes += 1
        await self.socket.send_bytes(push_protocol.push(await self.topic, self.pushes, payload))


@dataclass(slots=True)
class Proof:
    """One code being proved step by step over one courier."""

    person: Person
    courier: Courier
    code: str
    verifier: spake2.Verifier
    proved: bool = False
    receipt: str = ""


class Bridge:
    """The handlers of the push host and of `/appleauth/auth/bridge`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._couriers: dict[str, Courier] = {}
        self._proofs: dict[str, Proof] = {}

    def routes(self) -> list[web.RouteDef]:
        bridge = "/appleauth/auth/bridge"
        return [
            web.get("/v2/{hello}", self.courier),
            web.post(f"{bridge}/step/0", self.begin),
            web.post(f"{bridge}/step/2", self.exchange),
            web.post(f"{bridge}/step/4", self.confirm),
            web.post(f"{bridge}/step/6", self.finish),
            web.post(f"{bridge}/code/validate", self.validate),
        ]

    async def courier(self, request: web.Request) -> web.StreamResponse:
        if (
            request.host.startswith(REFUSING_PUSH_HOST)
            or not push_protocol.read_hello(request.match_info["hello"]).genuine
        ):
            return web.Response(status=403, text="refused")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        push_token = secrets.token_bytes(32)
        courier = Courier(socket, asyncio.get_running_loop().create_future())
        self._couriers[push_token.hex()] = courier
        await socket.send_bytes(push_protocol.connected(base64.b64encode(push_token).decode()))
        async for message in socket:
            topic = push_protocol.wanted_topic(message.data) if message.type is WSMsgType.BINARY else None
            if topic and not courier.topic.done():
                courier.topic.set_result(topic)
        del self._couriers[push_token.hex()]
        courier.topic.cancel()
        return socket

    async def begin(self, request: web.Request) -> web.Response:
        attempt = proved_sign_in(self._state, request)
        body = await answers.body_of(request)
        courier = self._couriers.get(str(body.get("ptkn", "")))
        if attempt is None or courier is None:
            return lost_sign_in()
        started, person = attempt
        session = str(body.get("sessionUUID", ""))
        legacy = person.account.delivery == "bridge-legacy"
        code = self._state.send_code(person, "device", checker="endpoint" if legacy else "bridge")
        salt = secrets.token_bytes(16)
        verifier = await asyncio.to_thread(spake2.Verifier, code, salt)
        self._proofs[session] = Proof(person, courier, code, verifier)
        await courier.push(
            {
                "sessionUUID": session,
                "nextStep": "2",
                "ruiURLKey": "web_bridge",
                "txnid": f"{secrets.token_hex(8)}_{'W' if legacy else 'B'}",
                "salt": base64.b64encode(salt).decode(),
                "mid": secrets.token_hex(8),
                "idmsdata": secrets.token_hex(8),
                "akdata": {"v": 1},
            }
        )
        return web.Response(status=204, headers=session_headers(started))

    async def exchange(self, request: web.Request) -> web.Response:
        started, proof, data, session = await self._step(request)
        if started is None or proof is None:
            return lost_sign_in()
        try:
            share, confirmation = await asyncio.to_thread(proof.verifier.answer, data)
        except ValueError:
            return _rejected(started)
        pair = b"_".join((base64.b64encode(share), base64.b64encode(confirmation)))
        await proof.courier.push({"sessionUUID": session, "nextStep": "4", "data": base64.b64encode(pair).decode()})
        return web.Response(status=204, headers=session_headers(started))

    async def confirm(self, request: web.Request) -> web.Response:
        started, proof, data, session = await self._step(request)
        if started is None or proof is None:
            return lost_sign_in()
        if not proof.verifier.accepts(data):
            return _rejected(started)
        proof.proved, proof.receipt = True, secrets.token_hex(16)
        sealed = proof.verifier.seal(json.dumps({"code": proof.receipt}))
        await proof.courier.push({"sessionUUID": session, "nextStep": "6", "encryptedCode": sealed})
        return web.Response(status=204, headers=session_headers(started))

    async def validate(self, request: web.Request) -> web.Response:
        started, proof, _, _ = await self._step(request)
        if started is None or proof is None:
            return lost_sign_in()
        receipt = json.dumps({"code": proof.receipt})
        code = str((await answers.body_of(request)).get("code", ""))
        live = proof.person.codes.get(("device", 0)) == proof.code
        if not (proof.proved and live and code == receipt):
            return _rejected(started)
        self._state.spend_code(proof.person, "device")
        started.code_accepted = True
        return web.Response(status=204, headers=session_headers(started))

    async def finish(self, request: web.Request) -> web.Response:
        started, _, _, session = await self._step(request)
        if started is None:
            return lost_sign_in()
        self._proofs.pop(session, None)
        return web.Response(status=204, headers=session_headers(started))

    async def _step(self, request: web.Request) -> tuple[SignIn | None, Proof | None, bytes, str]:
        """The sign-in, the proof it belongs to, the step's message and the bridge session's name."""
        attempt = proved_sign_in(self._state, request)
        body = await answers.body_of(request)
        session = str(body.get("sessionUUID", ""))
        proof = self._proofs.get(session)
        try:
            data = base64.b64decode(str(body.get("data", "")), validate=True)
        except binascii.Error:
            data = b""
        if attempt is None:
            return None, None, data, session
        return attempt[0], proof if proof and proof.person is attempt[1] else None, data, session


def _rejected(started: SignIn) -> web.Response:
    return answers.code_error(412, answers.WRONG_CODE, "Incorrect verification code.", session_headers(started, "412"))
