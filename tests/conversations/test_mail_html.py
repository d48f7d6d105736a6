"""HTML mail as a reader would see it."""

import pytest

from enishi.conversations.mail.html import to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<div>One</div><div>Two</div><div><br></div><div>Three</div>", "One\nTwo\n\nThree"),
        ("a <b>bold</b>\n  word", "a bold word"),
        ("<ul><li>one<li>two<ul><li>deep</ul></ul>", "- one\n- two\n  - deep"),
        ("<ol start=3><li>c<li>d</ol>", "3. c\n4. d"),
        ("<table><tr><th>Turbine<th>dB</tr><tr><td>T1<td>41</tr></table>", "Turbine\tdB\nT1\t41"),
        ('<a href="https://kaze.example/x">Plan</a>', "Plan <https://kaze.example/x>"),
        ('<a href="https://kaze.example/">kaze.example</a>', "kaze.example"),
        ('<a href="mailto:a@kaze.example?subject=x">Write</a>', "Write <a@kaze.example>"),
        ('<a href="javascript:alert(1)">Click</a>', "Click"),
        ("Yes.<blockquote>He<blockquote>She</blockquote></blockquote>", "Yes.\n\n> He\n>\n>> She"),
        ("<pre>a  b\n c</pre>", "a  b\n c"),
        ("<style>p{}</style><script>alert(1)</script><title>t</title>x", "x"),
        ('<div style="display:none">preview</div>Shown', "Shown"),
        ('<span style="font-size:0px">x</span><p hidden>y</p>Shown', "Shown"),
        ("Hi&#8204;&nbsp;&#8204;&nbsp;&#8204;&nbsp;&#8204;&nbsp;there", "Hi there"),
        ("می&zwnj;روم", "می\u200cروم"),
        ('<img alt="Logo of Kaze" src=x><img src=pixel>', "[Logo of Kaze]"),
        ("", ""),
        ("<p>&lt;script&gt;", "<script>"),
        ("a<hr>b", "a\n\n--------------------\n\nb"),
    ],
)
def test_text(html: str, text: str) -> None:
    assert to_text(html) == text


@pytest.mark.parametrize("tag", ["div", "blockquote", "table><tr><td", "b", "ul><li", "font"])
def test_deep_nesting_is_read_to_the_bottom(tag: str) -> None:
    text = to_text(f"<{tag}>" * 5_000 + "bottom")
    assert text.endswith("bottom")


def test_hostile_nesting_is_read_as_bare_text() -> None:
    assert to_text("<p>top" + "<div>" * 200_000 + "&lt;bottom") == "top\n<bottom"
