"""One request on the wire: built, sent, read in bounded memory, judged. Pace and retries are ``http.py``'s."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import httpx
from pydantic import SecretStr

from dagster_mlb.settings import Settings
from dagster_mlb.sources.http_address import is_certificate_error, same_origin, tls_context
from dagster_mlb.sources.http_body import BodyCutShortError, BoundedBody, Decoder
from dagster_mlb.sources.http_cache import HttpCache, was_fresh, was_revalidated
from dagster_mlb.sources.http_judgement import Judgement
from dagster_mlb.sources.http_messages import Attempt, Expects, SourcePolicy, SourceRequest
from dagster_mlb.sources.http_outcome import Outcome, Redactor

USER_AGENT = "dagster-mlb/0.1"
ACCEPT: dict[Expects, str] = {
    "json": "application/json",
    "html": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
    "csv": "text/csv,application/csv;q=0.9,*/*;q=0.1",
}
MAX_REDIRECTS = 3


class Wire:
    """The connections to one source, and its store of answers where ``cache`` names one."""

    def __init__(
        self,
        settings: Settings,
        policy: SourcePolicy,
        base_url: httpx.URL,
        secret_params: Mapping[str, SecretStr],
        redactor: Redactor,
        *,
        is_loopback: bool,
        concurrency: int,
        cache: Path | None,
    ) -> None:
        self._policy = policy
        self._base = str(base_url).rstrip("/")
        self._place = f"{base_url.host}:{base_url.port}" if base_url.port else base_url.host
        self._secret_params = dict(secret_params)
        self._judgement = Judgement(settings, policy, redactor)
        self._trusts_environment = not is_loopback  # a proxy of the environment is for the world outside
        self._concurrency = concurrency
        self._cache_path = cache
        self._cache: HttpCache | None = None
        self._http: httpx.AsyncClient | None = None

    @property
    def is_open(self) -> bool:
        return self._http is not None

    async def open(self) -> None:
        policy = self._policy
        new_client: Callable[..., httpx.AsyncClient] = httpx.AsyncClient
        if self._cache_path is not None:
            self._cache = HttpCache(self._cache_path, max_body_bytes=policy.max_body_bytes)
            new_client = self._cache.client
        self._http = new_client(
            http2=True,
            follow_redirects=False,
            trust_env=self._trusts_environment,
            verify=tls_context(self._trusts_environment),
            timeout=httpx.Timeout(policy.read_timeout_s, connect=policy.connect_timeout_s, pool=None),
            limits=httpx.Limits(max_connections=self._concurrency, max_keepalive_connections=self._concurrency),
            headers={"user-agent": USER_AGENT},
        )

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def from_cache(self, request: SourceRequest) -> Attempt | None:
        """The stored answer where it may be used without asking; None where the source must be asked."""
        if self._cache is None:
            return None
        try:
            response = await self._cache.fresh(self._request(request))
            if response is None:
                return None
            body, is_decoded = await self._read(response)
        except (BodyCutShortError, RuntimeError):  # a store that cannot be read is as good as none
            return None
        attempt = self._judgement.attempt(request, response, body, is_decoded=is_decoded)
        return replace(attempt, outcome=Outcome.CACHED, cache="fresh") if attempt.outcome is Outcome.RECEIVED else None

    async def ask(
        self, request: SourceRequest, *, within: tuple[float, str], next_turn: Callable[[], Awaitable[None]]
    ) -> Attempt:
        """One attempt. Errors become values before any of them (they know the URL) can travel on.

        ``within``: seconds for the whole answer, and what they are called; ``next_turn`` waits for the source's pace
        before a redirect is followed.
        """
        policy = self._policy
        try:
            async with asyncio.timeout(within[0]):
                return await self._send(request, next_turn)
        except TimeoutError:
            return self._transient(f"no whole answer within {within[1]}")
        except BodyCutShortError as error:
            return self._transient(str(error))
        except httpx.ConnectTimeout:
            return self._transient(f"no connection within {policy.connect_timeout_s:g} s")
        except httpx.TimeoutException:
            return self._transient(f"silent for {policy.read_timeout_s:g} s")
        except httpx.ConnectError as error:
            if is_certificate_error(error):
                return Attempt(0, Outcome.PERMANENT, f"{self._place}: its certificate is not trusted")
            return self._transient(f"cannot connect ({error})")
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
            return Attempt(0, Outcome.PERMANENT, f"{self._place}: the request cannot be sent ({error})")
        except (httpx.TransportError, OSError) as error:
            return self._transient(f"the connection broke ({error or type(error).__name__})")

    def _transient(self, message: str) -> Attempt:
        return Attempt(0, Outcome.TRANSIENT, f"{self._place}: {message}")

    def _request(self, request: SourceRequest, address: httpx.URL | None = None) -> httpx.Request:
        """The request on the wire; ``address`` where a redirect has led, with its own query."""
        assert self._http is not None
        secrets = {name: value.get_secret_value() for name, value in self._secret_params.items()}
        url = address if address is not None else httpx.URL(self._base + request.path)
        params = {**(request.params if address is None else {}), **secrets}
        headers = {"accept": ACCEPT[request.expects], **{k.lower(): v for k, v in self._policy.headers.items()}}
        built = self._http.build_request(
            "GET",
            url.copy_merge_params(params) if params else url,
            headers={**headers, "accept-encoding": "gzip"},  # whatever the policy says: what can be undone here
        )
        if self._cache is not None:
            self._cache.mark(built)
        return built

    async def _send(self, request: SourceRequest, next_turn: Callable[[], Awaitable[None]]) -> Attempt:
        assert self._http is not None
        address: httpx.URL | None = None
        for hop in range(MAX_REDIRECTS + 1):
            sent = self._request(request, address)
            async with aclosing(await self._http.send(sent, stream=True)) as response:
                address = self._redirect(response) if hop < MAX_REDIRECTS else None
                if address is None:
                    body, is_decoded = await self._read(response)
                    break
            await next_turn()  # the next address is a request of its own
        attempt = self._judgement.attempt(request, response, body, is_decoded=is_decoded)
        if was_revalidated(response):
            attempt = replace(attempt, cache="revalidated", http_status=304)
        elif was_fresh(response) and attempt.outcome is Outcome.RECEIVED:
            attempt = replace(attempt, cache="fresh", outcome=Outcome.CACHED)
        if self._cache is not None and attempt.outcome not in (Outcome.RECEIVED, Outcome.CACHED):
            await self._cache.forget(sent)
        return attempt

    def _redirect(self, response: httpx.Response) -> httpx.URL | None:
        """Where a permanent redirect within the same origin leads; None where it is not to be followed."""
        if self._policy.follow_redirects != "same_host" or response.status_code not in (301, 308):
            return None
        try:
            target = response.request.url.join(response.headers.get("location", ""))
        except (httpx.InvalidURL, ValueError):
            return None
        is_elsewhere = target == response.request.url or not same_origin(target, response.request.url)
        return None if is_elsewhere else target.copy_with(fragment=None)

    async def _read(self, response: httpx.Response) -> tuple[BoundedBody, bool]:
        cap = self._policy.max_body_bytes
        body = BoundedBody(cap, cap * self._policy.hard_limit_factor)
        decoder = Decoder(response.headers.get("content-encoding"))
        async for chunk in response.aiter_raw():
            for piece in decoder.pieces(chunk):
                body.feed(piece)
                if body.is_full:
                    return body, decoder.is_known
                if body.is_truncated:
                    await asyncio.sleep(0)  # a bomb takes its seconds; the neighbours go on
        decoder.check_finished()
        return body, decoder.is_known
