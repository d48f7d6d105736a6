"""The client against a real server: what it sends, and what it says when the service is at its worst."""

import socket

import pytest

from enishi.core.ai import generation
from enishi.core.ai.generation import GenerationError, Service, address_of, generate
from writing.server import completion

ASK = [{"role": "user", "content": "Hello"}]


def words_of(service):
    with pytest.raises(GenerationError) as caught:
        generate(service, ASK)
    return str(caught.value.words)


def test_it_speaks_chat_completions(writer):
    writer.body = completion("  Good day.  ")
    assert generate(Service(writer.address, "small", "sk-1"), ASK) == "Good day."
    assert writer.paths == ["/v1/chat/completions"]
    assert writer.headers[0]["Authorization"] == "Bearer sk-1"
    assert (writer.asked[0]["model"], writer.asked[0]["messages"]) == ("small", ASK)
    generate(Service(writer.address, "small"), ASK)
    assert "Authorization" not in writer.headers[1]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "The service refuses the key."),
        (404, "does not know this address or model"),
        (400, "refuses the request"),
        (429, "quota is used up"),
        (500, "a fault of its own"),
        (503, "a fault of its own"),
    ],
)
def test_refusals_are_told_in_words(writer, status, words):
    writer.status = status
    assert words in words_of(Service(writer.address, "small"))


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"{}", b'{"choices": []}', b"[1]", b"\xff\xfe", b'{"choices": [{"message": 3}]}', b"null"],
)
def test_rubbish_is_no_text(writer, body):
    writer.body = body
    assert "no text of a model" in words_of(Service(writer.address, "small"))


def test_an_empty_or_cut_answer_is_told(writer):
    writer.body = completion("   ")
    assert "empty text" in words_of(Service(writer.address, "small"))
    writer.body = completion(["parts"])
    assert "empty text" in words_of(Service(writer.address, "small"))
    writer.body = completion("It began well and", "length")
    assert "cut off" in words_of(Service(writer.address, "small"))
    writer.body, writer.length = completion("Good day."), 5000
    assert "cut off" in words_of(Service(writer.address, "small"))


def test_a_slow_or_endless_answer_is_given_up(writer, monkeypatch):
    monkeypatch.setattr(generation, "WHOLE_S", 0.2)
    writer.body, writer.drip = completion("x" * 400), 0.02
    assert "did not answer in time" in words_of(Service(writer.address, "small"))
    monkeypatch.setattr(generation, "SILENT_S", 0.2)
    writer.drip, writer.length, writer.body = 0.6, 3, b"{} "
    assert "did not answer in time" in words_of(Service(writer.address, "small"))
    writer.drip, writer.length = 0, None
    monkeypatch.setattr(generation, "WHOLE_S", 20)
    monkeypatch.setattr(generation, "LARGEST", 1000)
    writer.body = completion("x" * 4000)
    assert "much too long" in words_of(Service(writer.address, "small"))


def test_nobody_there_is_told(inside):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "cannot be reached" in words_of(Service(f"http://127.0.0.1:{port}/v1", "small"))
    assert "cannot be reached" in words_of(Service("http://nowhere.invalid/v1", "small"))


def test_no_redirect_is_followed_so_the_key_goes_nowhere_else(writer):
    writer.status, writer.location = 307, f"{writer.address}/elsewhere"
    assert "moved to another address" in words_of(Service(writer.address, "small", "sk-1"))
    assert len(writer.asked) == 1


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.0.0.7",
        "192.168.1.1",
        "169.254.169.254",
        "[::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "2130706433",
        "[64:ff9b::7f00:1]",
    ],
)
def test_private_addresses_are_not_asked(host):
    assert "private network" in words_of(Service(f"https://{host}/v1", "small"))


def test_a_name_that_leads_inside_is_not_asked(monkeypatch):
    """Nor one with an address outside and one inside: which of them is asked would be chance."""
    inside = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.168.0.9", 443))
    outside = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))
    for found in ([inside], [outside, inside]):
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, found=found, **kwargs: found)
        assert "private network" in words_of(Service("https://ai.example/v1", "small"))


def test_a_name_that_changes_its_mind_is_asked_where_it_was_checked(monkeypatch, writer, settings):
    """The second look-up, on connecting, is checked again: it may not lead inside after the first led outside."""
    import dataclasses

    settings.ENV = dataclasses.replace(settings.ENV, private_services=False)
    port = int(writer.address.rpartition(":")[2].partition("/")[0])
    answers = [("93.184.215.14", port), ("127.0.0.1", port)]
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *args, **kwargs: [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", answers.pop(0) if len(answers) > 1 else answers[0])
        ],
    )
    with pytest.raises(GenerationError):
        generate(Service(f"https://ai.example:{port}/v1", "small"), ASK)
    assert writer.asked == []


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ai.example/v1",
        "ftp://ai.example",
        "https://",
        "https://me:pw@ai.example/v1",
        "https://ai.example/?a=1",
        "http://ai.example/v1",
        "https://ai.example:x/v1",
    ],
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(GenerationError):
        address_of(typed)


def test_an_address_is_kept_without_its_end():
    assert address_of(" https://ai.example/v1/chat/completions ") == "https://ai.example/v1"
    assert address_of("https://ai.example/v1/") == "https://ai.example/v1"
    assert "sk-1" not in repr(Service("https://ai.example", "small", "sk-1"))
