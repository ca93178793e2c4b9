"""The page's files, and the headers that fence them in."""

from __future__ import annotations

from pathlib import Path

from chalice.app import Response

FOLDER = Path(__file__).parents[1] / "page"
FILES = {  # by route: the file, and its type
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/list.js": ("list.js", "text/javascript; charset=utf-8"),
    "/common.js": ("common.js", "text/javascript; charset=utf-8"),
    "/points.js": ("points.js", "text/javascript; charset=utf-8"),
    "/share.js": ("share.js", "text/javascript; charset=utf-8"),
    "/table.js": ("table.js", "text/javascript; charset=utf-8"),
    "/verdict.js": ("verdict.js", "text/javascript; charset=utf-8"),
}

# The page carries a wider policy of its own in a meta tag, for hosts that send none;
# where both are, both hold, and this one lets it ask nobody but the app that served it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Cache-Control": "no-cache",  # page and scripts are always of one deployment
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def answer(resource: str, path: str) -> Response:
    """A response with the file of a route, one of FILES.

    path is that of the request, with API Gateway's stage. A page asked for without the
    slash at its end (/api) is sent to where its relative links work.
    """
    if resource == "/" and not path.endswith("/"):
        # Relative, so that no path, //host above all, leads to another site.
        return Response("", {"Location": f"./{path.rpartition('/')[2]}/", **HEADERS}, 308)
    name, kind = FILES[resource]
    text = (FOLDER / name).read_text(encoding="utf-8")
    return Response(text, {"Content-Type": kind, **HEADERS})
