"""Serve the page's files, with security headers."""

from __future__ import annotations

from pathlib import Path

from chalice.app import Response

FOLDER = Path(__file__).parents[1] / "page"
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_SCRIPTS = ("page", "list", "common", "points", "rows", "table", "verdict")
_NAMES = ("index.html", "page.css", *(f"{x}.js" for x in _SCRIPTS))
FILES = {  # by route: the file, and its content type
    "/" if x == "index.html" else f"/{x}": (x, f"{_TYPES[x.split('.')[1]]}; charset=utf-8")
    for x in _NAMES
}

# The page has a wider policy in a meta tag, for static hosts, which send none. Where there are
# both, both hold, and this one lets the page call the app that served it, and nothing else.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Cache-Control": "no-cache",  # page and scripts always come from one deployment
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def serve_file(resource: str, path: str) -> Response:
    """Answer with the file of a route, one of FILES.

    path: with API Gateway's stage; /api is redirected to /api/, where the page's links work.

    >>> serve_file("/page.css", "/page.css").headers["Content-Type"]
    'text/css; charset=utf-8'
    """
    if resource == "/" and not path.endswith("/"):
        # A relative location leads to no other site, whatever the path is (//host).
        return Response("", {"Location": f"./{path.rpartition('/')[2]}/", **HEADERS}, 308)
    name, kind = FILES[resource]
    text = (FOLDER / name).read_text(encoding="utf-8")
    return Response(text, {"Content-Type": kind, **HEADERS})
