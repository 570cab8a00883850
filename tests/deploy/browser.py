"""What a visitor does at a deployed site, over HTTP. Raises AssertionError where the site falls short."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import requests

MEBIBYTE = 1024 * 1024


def wait_for(url: str, seconds: float = 60) -> requests.Response:
    """The page, asked for until the site answers other than with a gateway's error."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = requests.get(url, timeout=30)
            if answer.status_code not in (502, 503):
                return answer
            trouble = f"status {answer.status_code}"
        except requests.ConnectionError as error:
            trouble = str(error)
        assert time.monotonic() < deadline, f"{url} does not answer: {trouble}"
        time.sleep(0.2)


class Upload:
    """A file of `mebibytes` that is made while it is read; every mebibyte differs."""

    def __init__(self, mebibytes: int, boundary: str, fields: dict[str, str]) -> None:
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="annotation_file"; filename="big.bin"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._head = "".join(parts).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._mebibytes = mebibytes
        self.digest = hashlib.sha256()

    def __len__(self) -> int:
        return len(self._head) + self._mebibytes * MEBIBYTE + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        for number in range(self._mebibytes):
            block = number.to_bytes(4, "big") * (MEBIBYTE // 4)
            self.digest.update(block)
            yield block
        yield self._tail


@dataclass
class Visitor:
    """A browser at the site whose address is `url`, without a slash at its end."""

    url: str
    http: requests.Session = field(default_factory=requests.Session)

    def log_in(self, user: str, password: str) -> None:
        address = f"{self.url}/webclient/login/"
        page = self.http.get(address, timeout=60)
        assert page.status_code == 200, page.text[:500]
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token, "the login page has no CSRF token"
        fields = {"username": user, "password": password, "server": "1", "csrfmiddlewaretoken": token[1]}
        answer = self.http.post(
            address, data=fields, headers={"Referer": address}, allow_redirects=False, timeout=60
        )
        assert answer.status_code == 302, answer.text[:500]

    def get(self, path: str) -> requests.Response:
        answer = self.http.get(self.url + path, timeout=60, allow_redirects=False)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer

    def attach(self, image: int, mebibytes: int) -> tuple[int, str]:
        """Attach a file to an image; id of the annotation and SHA-256 of the file."""
        boundary = "a-boundary-of-the-tests"
        body = Upload(mebibytes, boundary, {"image": str(image)})
        address = f"{self.url}/webclient/annotate_file/"
        answer = self.http.post(
            address,
            data=body,
            headers={
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "X-CSRFToken": str(self.http.cookies["csrftoken"]),
                "X-Requested-With": "XMLHttpRequest",
                "Referer": address,
            },
            timeout=120,
        )
        assert answer.status_code == 200, answer.text[:500]
        (annotation,) = answer.json()["fileIds"]
        return int(annotation), body.digest.hexdigest()

    def download(self, annotation: int) -> str:
        """SHA-256 of an attached file."""
        digest = hashlib.sha256()
        address = f"{self.url}/webclient/annotation/{annotation}/"
        with self.http.get(address, stream=True, timeout=120) as answer:
            assert answer.status_code == 200, answer.text[:500]
            for block in answer.iter_content(MEBIBYTE):
                digest.update(block)
        return digest.hexdigest()
