"""A visit without a browser: Streamlit's WebSocket and its own messages.

A browser takes most of a small machine; to time and weigh the server alone, this client
opens a page, turns its widgets and uploads files the way the browser's code does.

    with Session("http://127.0.0.1:8501") as visit:
        visit.slide("Threshold", 0.3).pictures[-1].alt
"""

from __future__ import annotations

import base64
import socket
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Image_pb2 import Image
from websockets.sync.client import connect
from websockets.typing import Subprotocol


@dataclass
class Run:
    """What one run of the page's script has sent.

    Attributes
    ----------
    began, ended : float
        `time.perf_counter` when the run was asked for and when its end was reported.
    elements : list of (float, Element)
        Everything drawn, in order, with the time at which it arrived.
    """

    began: float
    ended: float = 0.0
    elements: list[tuple[float, Element]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long the run took, seen from here."""
        return self.ended - self.began

    @property
    def widgets(self) -> list[tuple[float, Any]]:
        """What can be operated, in order, with the time at which it arrived."""
        drawn = [(at, getattr(e, str(e.WhichOneof("type")))) for at, e in self.elements]
        return [(at, e) for at, e in drawn if hasattr(e, "id") and hasattr(e, "label")]

    @property
    def pictures(self) -> list[Image]:
        """The pictures (``url``, ``alt``) in order."""
        return [i for _, e in self.elements if e.WhichOneof("type") == "imgs" for i in e.imgs.imgs]

    @property
    def problems(self) -> list[str]:
        """The error boxes and exceptions."""
        boxes = [e.alert for _, e in self.elements if e.WhichOneof("type") == "alert"]
        raised = [e.exception for _, e in self.elements if e.WhichOneof("type") == "exception"]
        errors = [box.body for box in boxes if box.format == box.ERROR]
        return errors + [f"{e.type}: {e.message}" for e in raised]


class Session:
    """One visitor's session, from ``with`` to its end.

    Parameters
    ----------
    url : str
        The server's address, without a slash at its end.
    query : str
        What stands behind the question mark in the page's address.
    page : str
        What stands before it: ``compare``; empty for the first page.
    timeout : float
        Seconds after which a message that does not come is a `TimeoutError`.

    Attributes
    ----------
    first : Run
        The run that opening the page caused.
    """

    def __init__(self, url: str, query: str = "", *, page: str = "", timeout: float = 60):
        self.url, self._query, self._name, self._timeout = url, query, page, timeout
        self._widgets: dict[str, str] = {}  # label -> id
        self._values: dict[str, tuple[str, Any]] = {}  # id -> kind and value
        self._page = self._id = ""

    def __enter__(self) -> Session:
        with ExitStack() as stack:
            self._http = stack.enter_context(requests.Session())
            self._http.get(f"{self.url}/_stcore/health", timeout=self._timeout).raise_for_status()
            connection = connect(
                self.url.replace("http", "ws", 1) + "/_stcore/stream",
                subprotocols=[Subprotocol("streamlit")],
                compression=None,
                max_size=None,
            )
            self._socket = stack.enter_context(connection)
            self.first = self.rerun()
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    # === What a visitor does ===

    def slide(self, label: str, value: float) -> Run:
        """Move a slider."""
        return self._change(label, "double_array_value", [value])

    def choose(self, label: str, option: str) -> Run:
        """Choose an option of a segmented control, as it is written there."""
        return self._change(label, "string_array_value", [option])

    def upload(self, label: str, files: Iterable[tuple[str, bytes]]) -> Run:
        """Add (name, content) pairs to those that a file uploader has."""
        _, state = self._values.get(self._widget(label), ("", FileUploaderState()))
        for name, content in files:
            request = BackMsg()
            request.file_urls_request.request_id = name
            request.file_urls_request.file_names.append(name)
            request.file_urls_request.session_id = self._id
            self._socket.send(request.SerializeToString())
            while (answer := self._receive()).WhichOneof("type") != "file_urls_response":
                pass
            urls = answer.file_urls_response.file_urls[0]
            self._http.put(
                self.url + urls.upload_url,
                files={name: (name, content)},
                headers={"X-Xsrftoken": str(self._http.cookies["_streamlit_xsrf"])},
                timeout=self._timeout,
            ).raise_for_status()
            added = state.uploaded_file_info.add(file_id=urls.file_id, name=name, size=len(content))
            added.file_urls.CopyFrom(urls)
        return self._change(label, "file_uploader_state_value", state)

    def fetch(self, picture: Image) -> bytes:
        """Load a picture of the page, as an <img> does."""
        if picture.url.startswith("data:"):
            return base64.b64decode(picture.url.partition(",")[2])
        answer = self._http.get(self.url + picture.url, timeout=self._timeout)
        answer.raise_for_status()
        return answer.content

    def rerun(self) -> Run:
        """Run the page's script with the widgets as they are."""
        message = BackMsg()
        client = message.rerun_script
        client.query_string, client.page_script_hash = self._query, self._page
        client.page_name = self._name
        for widget, (kind, value) in self._values.items():
            state = client.widget_states.widgets.add(id=widget)
            if kind == "file_uploader_state_value":
                state.file_uploader_state_value.CopyFrom(value)
            else:
                getattr(state, kind).data.extend(value)
        run = Run(time.perf_counter())
        self._socket.send(message.SerializeToString())
        while not _is_end(answer := self._receive()):
            self._note(answer, run)
        run.ended = time.perf_counter()
        self._widgets |= {widget.label: widget.id for _, widget in run.widgets}
        return run

    # === Messages ===

    def _change(self, label: str, kind: str, value: Any) -> Run:
        self._values[self._widget(label)] = kind, value
        return self.rerun()

    def _widget(self, label: str) -> str:
        if label not in self._widgets:
            raise LookupError(f"The page has no {label!r}; it has {', '.join(self._widgets)}.")
        return self._widgets[label]

    def _note(self, message: ForwardMsg, run: Run) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._page = message.new_session.page_script_hash
            self._id = message.new_session.initialize.session_id
        elif kind == "navigation":
            self._page = message.navigation.page_script_hash
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            run.elements.append((time.perf_counter(), message.delta.new_element))

    def _receive(self) -> ForwardMsg:
        if hasattr(socket, "TCP_QUICKACK"):  # else the server's Nagle waits 40 ms for our ACK
            self._socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        message = ForwardMsg()
        message.ParseFromString(self._socket.recv(timeout=self._timeout))
        return message


def _is_end(message: ForwardMsg) -> bool:
    """Say whether the script has ended and does not start again by itself."""
    if message.WhichOneof("type") != "script_finished":
        return False
    return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
