"""HTML mail as readable plain text: paragraphs, lists, tables, links; quotations marked with ">"."""

import re
from collections.abc import Callable
from html import unescape

from selectolax.lexbor import LexborHTMLParser, LexborNode

SKIPPED = frozenset(
    [
        "head",
        "script",
        "style",
        "title",
        "template",
        "noscript",
        "object",
        "embed",
        "iframe",
        "svg",
        "math",
        "canvas",
        "audio",
        "video",
        "select",
        "textarea",
        "map",
        "xml",
    ]
)
BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
        "caption",
    ]
)
SPACED = frozenset(
    ["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table", "ul", "ol", "dl", "hr"]
)
HIDDEN = re.compile(
    r"(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?:px|pt|em|%)?\s*(?:;|!|$)"
    r"|max-height\s*:\s*0(?:px)?\s*(?:;|!|$)|opacity\s*:\s*0\s*(?:;|!|$))",
    re.IGNORECASE,
)
SPACES = re.compile(r"[ \t\r\n\f]+")
# What senders fill the rest of a mail client's preview line with. A lone zero-width non-joiner is Persian spelling.
FILLER = re.compile("(?:[ \u00a0\u2007]*[\u200b\u200c\u200d\u034f\u00ad\ufeff\u2007][ \u00a0\u2007]*){4,}")
LINK_SCHEMES = ("http://", "https://", "ftp://")
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
ANY_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)[^<>]*>?")
VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "th",
        "tr",
        "o",
    ]
)
MAX_LENGTH = 4_000_000
# A conforming parser looks through all open elements at every block: hostile nesting costs the square of its depth.
MAX_NODES_UNCHECKED = 10_000
MAX_DEPTH = 5_000
MAX_MARKED_DEPTH = 12


class Writer:
    """Collects lines: white space as a browser folds it, at most one empty line in a row, quotation marks in front."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.current: list[str] = []
        self.quotes = 0
        self.pre = 0
        self.bullets: list[int | None] = []
        self.gap = False
        self.last_quotes = 0

    def text(self, text: str) -> None:
        if self.pre:
            first, *rest = text.split("\n")
            self.current.append(first)
            for line in rest:
                self.newline()
                self.current.append(line)
            return
        text = SPACES.sub(" ", text)
        if text == " " and not self.current:
            return
        if text.startswith(" ") and (not self.current or self.current[-1].endswith((" ", "\t"))):
            text = text[1:]
        if text:
            self.current.append(text)

    def newline(self) -> None:
        """A line break that is wanted even where the line is empty."""
        line = "".join(self.current).rstrip()
        self.current = []
        if not line and not self.lines:
            return
        if self.gap and self.lines and self.lines[-1].strip("> "):
            self.lines.append(">" * min(self.quotes, self.last_quotes, MAX_MARKED_DEPTH))
        self.gap = False
        self.last_quotes = self.quotes
        self.lines.append(f"{self._marks()} {line}" if self.quotes and line else self._marks() + line)

    def block(self, *, spaced: bool = False) -> None:
        """The edge of a block: ends the line if there is one."""
        if "".join(self.current).strip():
            self.newline()
        else:
            self.current = []
        self.gap = self.gap or spaced

    def cell(self) -> None:
        if "".join(self.current).strip():
            self.current.append("\t")

    def result(self) -> str:
        self.block()
        return "\n".join(self.lines).strip("\n")

    def _marks(self) -> str:
        return ">" * min(self.quotes, MAX_MARKED_DEPTH)


def to_text(html: str) -> str:
    """The readable text of an HTML mail. What a reader would not see (scripts, styles, hidden previews) is left out."""
    html = html[:MAX_LENGTH]
    if html.count("<") > MAX_NODES_UNCHECKED and _depth(html) > MAX_DEPTH:
        return _strip_tags(html)
    root = LexborHTMLParser(html).body
    if root is None:
        return ""
    writer = Writer()
    # Explicit stack: mail is nested as deep as its author likes.
    stack: list[tuple[LexborNode, Callable[[], None] | None]] = []
    node: LexborNode | None = root
    while node is not None:
        child: LexborNode | None = None
        leave: Callable[[], None] | None = None
        if node.is_text_node:
            writer.text(FILLER.sub(" ", node.text_content or ""))
        elif node.is_element_node and not _is_hidden(node):
            leave = _enter(writer, node)
            child = node.first_child
            if child is None and leave:
                leave()
        if child is not None:
            stack.append((node, leave))
            node = child
            continue
        while node is not None and (following := node.next) is None:
            if not stack:
                return writer.result()
            node, leave = stack.pop()
            if leave:
                leave()
            if not stack:
                return writer.result()
        node = following
    return writer.result()


def _depth(html: str) -> int:
    """How deep elements are opened; every tag that is not closed counts."""
    depth = deepest = 0
    for closing, name in TAG.findall(html):
        if name.lower() not in VOID:
            depth += -1 if closing else 1
            deepest = max(deepest, depth)
    return deepest


def _strip_tags(html: str) -> str:
    text = ANY_TAG.sub(
        lambda match: "\n" if match[1].lower() in BLOCKS or match[1].lower() == "br" else "", html
    )
    lines = (SPACES.sub(" ", line).strip() for line in unescape(text).split("\n"))
    return "\n".join(line for line in lines if line)


def _is_hidden(node: LexborNode) -> bool:
    if node.tag in SKIPPED:
        return True
    attributes = node.attributes
    if not attributes:
        return False
    style = attributes.get("style")
    return "hidden" in attributes or bool(style and HIDDEN.search(style))


def _enter(writer: Writer, node: LexborNode) -> Callable[[], None] | None:
    tag = node.tag
    if tag == "br":
        writer.newline()
        return None
    if tag == "a":
        return _link(writer, node)
    if tag == "img":
        alt = SPACES.sub(" ", node.attributes.get("alt") or "").strip()
        if alt:
            writer.text(f"[{alt}]")
        return None
    if tag in ("td", "th"):
        return writer.cell
    if tag == "q":
        writer.text("“")
        return lambda: writer.text("”")
    if tag not in BLOCKS:
        return None
    spaced = (
        tag in SPACED
        and not (tag in ("ul", "ol") and writer.bullets)
        and not (tag == "p" and _is_tight(node))
    )
    writer.block(spaced=spaced)
    return _enter_block(writer, node, str(tag), spaced)


def _is_tight(node: LexborNode) -> bool:
    """Word writes every line as a paragraph without margins."""
    return "MsoNormal" in (node.attributes.get("class") or "") or "MsoPlainText" in (
        node.attributes.get("class") or ""
    )


def _enter_block(writer: Writer, node: LexborNode, tag: str, spaced: bool) -> Callable[[], None]:
    if tag == "blockquote":
        writer.quotes += 1
    elif tag == "pre":
        writer.pre += 1
    elif tag == "hr":
        writer.text("-" * 20)
    elif tag == "ul":
        writer.bullets.append(None)
    elif tag == "ol":
        start = node.attributes.get("start") or ""
        writer.bullets.append(int(start) if start.isdecimal() and len(start) < 9 else 1)
    elif tag == "li":
        writer.text(_bullet(writer))

    def leave() -> None:
        writer.block(spaced=spaced)
        if tag == "blockquote":
            writer.quotes -= 1
        elif tag == "pre":
            writer.pre -= 1
        elif tag in ("ul", "ol"):
            writer.bullets.pop()

    return leave


def _bullet(writer: Writer) -> str:
    number = writer.bullets[-1] if writer.bullets else None
    writer.current.append("  " * min(max(len(writer.bullets) - 1, 0), 10))
    if number is None:
        return "- "
    writer.bullets[-1] = number + 1
    return f"{number}. "


def _link(writer: Writer, node: LexborNode) -> Callable[[], None] | None:
    href = (node.attributes.get("href") or "").strip()
    if href.lower().startswith("mailto:"):
        target = href[7:].split("?")[0]
    elif href.lower().startswith(LINK_SCHEMES):
        target = href
    else:
        return None
    start, lines = len(writer.current), len(writer.lines)

    def leave() -> None:
        shown = "".join(writer.current[start:] if len(writer.lines) == lines else writer.current).strip()
        # A link without words (a picture, a tracking pixel) tells a reader nothing.
        if (
            shown
            and target
            and target.rstrip("/") not in (shown.rstrip("/"), f"http://{shown}", f"https://{shown}")
        ):
            writer.text(f" <{target}>")

    return leave
