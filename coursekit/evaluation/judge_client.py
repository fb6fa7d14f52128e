"""A real multimodal model as the judge, behind an OpenAI-compatible chat endpoint.

docs/judge.md says how to point it at one. Nothing here is called unless you do.
"""

import base64
import io
import json
import os
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from PIL import Image

from coursekit.evaluation.judge_verdict import Pictures

LARGEST = 4_000_000  # bytes of a reply that are read
HERE = ("localhost", "127.0.0.1", "::1")


class JudgeError(RuntimeError):
    """The model could not be asked; one line says why, and never holds the key."""


class _Again(JudgeError):
    """It may go better the next time."""


class _Stay(HTTPRedirectHandler):
    """No redirects: they would carry the key to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True)
class ChatJudge:
    """Asks a model at `url` (such as https://host/v1). It is a `Judge`.

    key: sent as a bearer token; timeout: seconds for one try; tries: how often at most,
    again only after a timeout, a broken connection, status 429 or 500 and above; pause:
    seconds before the second try, doubled each time; longest: tokens of a reply.
    """

    url: str
    model: str
    key: str = field(default="", repr=False)
    timeout: float = 60.0
    tries: int = 3
    pause: float = 1.0
    longest: int = 2000

    def __post_init__(self) -> None:
        """Refuse what could not work, or would show the key to the network."""
        at = urlsplit(self.url)
        if at.scheme not in ("http", "https") or not at.hostname:
            raise JudgeError(f"{self.url!r} is no address: use http(s)://host/v1")
        if self.key and at.scheme == "http" and at.hostname not in HERE:
            raise JudgeError(f"a key for {at.hostname} would travel open: use https")
        if not all("!" <= letter <= "~" for letter in self.key):
            raise JudgeError("the key holds a space or a strange letter: check it")

    def answer(self, pictures: Pictures, prompt: str) -> str:
        """The reply of the model. Raises JudgeError where there is none."""
        shown = [{"type": "image_url", "image_url": {"url": _png(p)}} for p in pictures]
        content = [*shown, {"type": "text", "text": prompt}]
        asked = {
            "model": self.model,
            "temperature": 0,
            "max_tokens": self.longest,
            "messages": [{"role": "user", "content": content}],
        }
        for attempt in range(1, self.tries + 1):
            try:
                return _words(self._post(json.dumps(asked).encode()))
            except _Again:
                if attempt == self.tries:
                    raise
                time.sleep(self.pause * 2 ** (attempt - 1))
        raise JudgeError("tries=0: ask at least once")

    def _post(self, body: bytes) -> bytes:
        """Send, and read until the end or until time is up."""
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = Request(f"{self.url.rstrip('/')}/chat/completions", body, headers)
        end, found = time.monotonic() + self.timeout, b""
        try:
            with build_opener(_Stay()).open(request, timeout=self.timeout) as reply:
                while part := reply.read1(65_536):
                    found += part
                    if time.monotonic() > end:  # a socket's is for each read alone
                        raise TimeoutError
                    if len(found) > LARGEST:
                        raise JudgeError(f"a reply of more than {LARGEST} bytes")
        except HTTPError as error:
            with error:
                said = error.read(2000).decode(errors="replace")
            kind = _Again if error.code == 429 or error.code >= 500 else JudgeError
            raise kind(self._line(f"status {error.code}: {said}")) from None
        except (OSError, HTTPException) as error:
            late = TimeoutError in (type(error), type(getattr(error, "reason", None)))
            why = f"no reply in {self.timeout:g} s" if late else f"no reply: {error}"
            raise _Again(self._line(why)) from None
        return found

    def _line(self, text: str) -> str:
        """One short line without the key."""
        shown = text.replace(self.key, "***") if self.key else text
        return f"{self.model} at {self.url}: " + " ".join(shown.split())[:200]


def judge_from_environment() -> ChatJudge:
    """The judge that COURSEKIT_JUDGE_URL, _MODEL and _KEY name (the key may be empty).

    Raises JudgeError where the address or the model is missing.
    """
    names = (f"COURSEKIT_JUDGE_{name}" for name in ("URL", "MODEL", "KEY"))
    url, model, key = (os.environ.get(name, "").strip() for name in names)
    if not url or not model:
        raise JudgeError("set COURSEKIT_JUDGE_URL and COURSEKIT_JUDGE_MODEL first")
    return ChatJudge(url, model, key)


def _png(picture: Pictures) -> str:
    """A picture (H, W, 3) as a data address, which sends it along."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _words(body: bytes) -> str:
    """The text of a chat completion."""
    try:
        text = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        text = None
    if not isinstance(text, str):
        raise JudgeError(f"a reply of {len(body)} bytes that is no chat completion")
    return text
