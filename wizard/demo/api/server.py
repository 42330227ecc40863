"""The demo cluster's API server over HTTP: who may ask, what was asked, and handing it to the module that knows.

It answers what the wizard and a curious person with kubectl read, and plain writes; no behaviour of kinds is in here.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from wizard.demo.api import (
    access_reviews,
    discovery,
    exec_and_attach,
    get_and_list,
    logs,
    server_side_apply,
    service_proxy,
    watches,
    writes,
)
from wizard.demo.api.access import ANONYMOUS, USER, Policy, forbidden, forbidden_path, forbidden_stream
from wizard.demo.api.kinds import Kind, Object
from wizard.demo.api.paths import Target, parse
from wizard.demo.api.protobuf import MEDIA_TYPE, decode_review
from wizard.demo.api.refusals import Refused, bad_request, method_not_allowed, not_found, unauthorized, unknown_resource
from wizard.demo.api.store import Store
from wizard.demo.runtime.containers import Containers

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_PUBLIC = ("/version", "/healthz", "/livez", "/readyz")
_NOT_FOUND = "404 page not found\n"


class Server:
    """One API server. `backends` are behind the service proxy, `token` is the only one that is let in."""

    def __init__(
        self,
        store: Store,
        texts: logs.Logs,
        backends: service_proxy.Backends,
        policy: Policy,
        token: str,
        containers: Containers,
    ) -> None:
        self.store = store
        self.logs = texts
        self.watches = watches.Watches()
        self._backends = backends
        self._policy = policy
        self._token = token
        self._containers = containers
        self._streams: set[asyncio.Task[Any]] = set()

    def application(self) -> web.Application:
        """The aiohttp application that serves it."""
        app = web.Application(middlewares=[self._intercepted, self._refuse, self._admit], client_max_size=8 * 1024**2)
        app.router.add_get("/version", self._version)
        for path in ("/healthz", "/livez", "/readyz"):
            app.router.add_get(path, self._health)
        app.router.add_get("/api", self._api)
        app.router.add_get("/apis", self._apis)
        app.router.add_get("/openapi/v3", self._openapi)
        app.router.add_get("/apis/{group}", self._group)
        app.router.add_route("*", "/{path:(?:api|apis)/.+}", self._resource)
        app.on_shutdown.append(self._end)
        return app

    async def _end(self, _app: web.Application) -> None:
        self.watches.end()
        self.logs.wake()
        for task in tuple(self._streams):
            task.cancel()

    @web.middleware
    async def _intercepted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        return await self.intercept(request, handler)

    async def intercept(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Sees every request first, and passes it on; for whoever wants to see, or to break, what goes on."""
        return await handler(request)

    @web.middleware
    async def _refuse(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refused:
            headers = {"Retry-After": "1"} if refused.body.get("details", {}).get("retryAfterSeconds") else None
            return _json(refused.body, refused.code, headers)
        except web.HTTPNotFound:
            return web.Response(status=404, text=_NOT_FOUND)
        except web.HTTPMethodNotAllowed:
            return _json(method_not_allowed().body, 405)

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme and (scheme != "Bearer" or not hmac.compare_digest(token.strip().encode(), self._token.encode())):
            raise unauthorized()
        target = parse(request.rel_url.raw_path)
        if target is not None and target.plural:
            wish = target.wish(request.method, watch=request.query.get("watch") in ("true", "1"))
            is_review = target.group in ("authorization.k8s.io", "authentication.k8s.io")
            if not scheme or not (is_review or self._policy.allows(wish)):
                raise forbidden(USER if scheme else ANONYMOUS, wish)
        elif not scheme and request.path not in _PUBLIC:
            raise forbidden_path(ANONYMOUS, request.path)
        return await handler(request)

    async def _version(self, _request: web.Request) -> web.Response:
        return _json(discovery.VERSION)

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _api(self, request: web.Request) -> web.Response:
        if "as=APIGroupDiscoveryList" in request.headers.get("Accept", ""):
            return _aggregated(discovery.aggregated(self.store.kinds, core=True))
        return _json(discovery.api_versions(request.host))

    async def _apis(self, request: web.Request) -> web.Response:
        if "as=APIGroupDiscoveryList" in request.headers.get("Accept", ""):
            return _aggregated(discovery.aggregated(self.store.kinds, core=False))
        return _json(discovery.api_groups(self.store.kinds))

    async def _openapi(self, _request: web.Request) -> web.Response:
        return _json(discovery.openapi_index())

    async def _group(self, request: web.Request) -> web.Response:
        group = discovery.api_group(self.store.kinds, request.match_info["group"])
        if group is None:
            raise web.HTTPNotFound
        return _json(group)

    async def _resource(self, request: web.Request) -> web.StreamResponse:
        target = parse(request.rel_url.raw_path)
        if target is None or (target.group and target.group not in self.store.kinds.groups()):
            raise web.HTTPNotFound
        if not target.plural:
            resources = discovery.api_resources(self.store.kinds, target.group, target.version)
            if resources is None:
                raise unknown_resource()
            return _json(resources)
        kind = self.store.kinds.at(target.group, target.version, target.plural)
        if kind is None or (target.namespace and not kind.namespaced and target.plural != "namespaces"):
            raise unknown_resource()
        if not kind.namespaced:
            target = replace(target, namespace="")
        if target.subresource:
            return await self._subresource(request, kind, target)
        if request.method == "GET":
            if kind.verbs == ("create",):
                raise method_not_allowed()
            return await self._read(request, kind, target)
        return await self._write(request, kind, target)

    async def _read(self, request: web.Request, kind: Kind, target: Target) -> web.StreamResponse:
        form = get_and_list.form_of(request.headers.get("Accept", ""), request.query)
        if target.name:
            return _json(get_and_list.get(self.store, kind, target.namespace, target.name, form))
        if request.query.get("watch") in ("true", "1"):
            watch = watches.wanted(self.store, kind, target.namespace, request.query, form)
            return await self._stream_watch(request, watch)
        return _json(get_and_list.list_(self.store, kind, target.namespace, request.query, form))

    async def _stream_watch(self, request: web.Request, watch: watches.Watch) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        lines = watch.lines(self.watches)
        await response.prepare(request)
        try:
            async for line in lines:
                await response.write(line)
        except ConnectionError:
            return response
        finally:
            await lines.aclose()
        return response

    async def _subresource(self, request: web.Request, kind: Kind, target: Target) -> web.StreamResponse:
        if target.subresource not in {sub.name for sub in kind.subresources}:
            if kind.custom:
                raise not_found(kind, target.name)
            raise unknown_resource()
        if target.subresource in ("exec", "attach"):
            return await self._stream(request, kind, target)
        if request.method != "GET":
            raise method_not_allowed()
        if target.subresource == "proxy":
            if target.rest is None:
                return web.Response(status=301, headers={"Location": f"{request.path}/"})
            path = target.rest
            answer = service_proxy.answer(self.store, self._backends, target.namespace, target.name, path)
            return web.Response(status=answer.status, body=answer.body, content_type=answer.content_type)
        if target.subresource == "log":
            return await self._log(request, kind, target)
        form = get_and_list.form_of(request.headers.get("Accept", ""), request.query)
        return _json(get_and_list.get(self.store, kind, target.namespace, target.name, form))

    async def _stream(self, request: web.Request, kind: Kind, target: Target) -> web.StreamResponse:
        wish = target.wish("POST", watch=False)
        if not self._policy.allows(wish):
            raise forbidden_stream(wish)
        pod = get_and_list.get(self.store, kind, target.namespace, target.name, get_and_list.Form())
        task = asyncio.current_task()
        if task is not None:
            self._streams.add(task)
            task.add_done_callback(self._streams.discard)
        return await exec_and_attach.stream(request, self._containers, pod, target.subresource)

    async def _log(self, request: web.Request, kind: Kind, target: Target) -> web.StreamResponse:
        pod = get_and_list.get(self.store, kind, target.namespace, target.name, get_and_list.Form())
        container = logs.chosen_container(pod, request.query)
        if container is None:
            return web.Response(status=204)
        whole = self.logs.of(pod, container)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        await response.write(logs.cut(whole, request.query).encode())
        if request.query.get("follow") == "true":
            more = self.logs.follow(self.store, pod, container, len(whole))
            try:
                async for text in more:
                    await response.write(text.encode())
            except ConnectionError:
                return response
            finally:
                await more.aclose()
        return response

    async def _write(self, request: web.Request, kind: Kind, target: Target) -> web.StreamResponse:
        body, content_type = await request.read(), request.headers.get("Content-Type", "")
        if kind.verbs == ("create",):
            return self._review(kind, content_type, body, request.method)
        manager = request.query.get("fieldManager") or request.headers.get("User-Agent", "unknown").partition("/")[0]
        dry = request.query.get("dryRun") == "All"
        place = (self.store, kind, target.namespace)
        if bool(target.name) is (request.method == "POST"):
            raise method_not_allowed()
        match request.method:
            case "POST":
                item = writes.parsed(kind, content_type, body)
                return _json(writes.create(*place, item, manager, dry=dry), 201)
            case "PUT":
                item = writes.parsed(kind, content_type, body)
                return _json(writes.replace(*place, target.name, item, manager, dry=dry))
            case "PATCH" if content_type.partition(";")[0] == server_side_apply.APPLY_PATCH:
                manager = request.query.get("fieldManager", "")
                force = request.query.get("force") == "true"
                item, new = server_side_apply.apply(*place, target.name, body, manager, force=force, dry=dry)
                return _json(item, 201 if new else 200)
            case "PATCH":
                server_side_apply.check_not_forced(force=request.query.get("force") == "true")
                return _json(writes.patch(*place, target.name, content_type, body, manager, dry=dry))
            case "DELETE":
                options: Object = {**(json.loads(body) if body else {})}
                if (grace := get_and_list.whole_number(request.query, "gracePeriodSeconds")) is not None:
                    options["gracePeriodSeconds"] = grace
                if policy := request.query.get("propagationPolicy"):
                    options["propagationPolicy"] = policy
                gone = writes.delete(*place, target.name, options, dry=dry or bool(options.get("dryRun")))
                orphans = kind.kind == "Job" and not options.get("propagationPolicy")
                return _json(gone, headers={"Warning": f'299 - "{writes.PRESERVED}"'} if orphans else None)
            case _:
                raise method_not_allowed()

    def _review(self, kind: Kind, content_type: str, body: bytes, method: str) -> web.Response:
        if method != "POST":
            raise method_not_allowed()
        try:
            asked = decode_review(body) if content_type == MEDIA_TYPE else writes.parsed(kind, content_type, body)
        except ValueError as problem:
            raise bad_request(str(problem)) from None
        return _json(access_reviews.review(kind, asked, self._policy, self.store.kinds), 201)


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(body).encode(), headers={"Content-Type": "application/json", **(headers or {})}
    )


def _aggregated(body: Object) -> web.Response:
    return web.Response(
        body=json.dumps(body).encode(), headers={"Content-Type": discovery.AGGREGATED, "Vary": "Accept"}
    )
