"""Serve the page's files, with security headers."""

from __future__ import annotations

from pathlib import Path

from chalice.app import Response

FOLDER = Path(__file__).parents[1] / "page"
FILES = {  # by route: the file, and its content type
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/list.js": ("list.js", "text/javascript; charset=utf-8"),
    "/common.js": ("common.js", "text/javascript; charset=utf-8"),
    "/points.js": ("points.js", "text/javascript; charset=utf-8"),
    "/rows.js": ("rows.js", "text/javascript; charset=utf-8"),
    "/share.js": ("share.js", "text/javascript; charset=utf-8"),
    "/table.js": ("table.js", "text/javascript; charset=utf-8"),
    "/verdict.js": ("verdict.js", "text/javascript; charset=utf-8"),
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

    path: of the request, with API Gateway's stage. A request without the final slash (/api) is
    redirected to where the page's relative links work.
    """
    if resource == "/" and not path.endswith("/"):
        # A relative location leads to no other site, whatever the path is (//host).
        return Response("", {"Location": f"./{path.rpartition('/')[2]}/", **HEADERS}, 308)
    name, kind = FILES[resource]
    text = (FOLDER / name).read_text(encoding="utf-8")
    return Response(text, {"Content-Type": kind, **HEADERS})
