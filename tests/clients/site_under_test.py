"""The program under test: started on a database of its own, used by commands and by HTTP."""

import html
import http.cookiejar
import json
import os
import re
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

START_DEADLINE = 60
CALL_DEADLINE = 20


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Site:
    """`program` is the executable, `checkout` the folder with templates and the built front end."""

    def __init__(self, program, checkout, database_url, repos):
        self.program = program
        self.checkout = checkout
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": database_url,
            "LOCAL_GIT_REPOS": str(repos),
            "SECRET_KEY": "a-secret-key-for-the-tests-with-real-clients-0123456789",
            "SOCIAL_AUTH_GITHUB_KEY": "none",
            "SOCIAL_AUTH_GITHUB_SECRET": "none",
            "DEBUG": "1",
            "ROCKET_PROFILE": "debug",
            "ROCKET_ADDRESS": "127.0.0.1",
            "PORT": str(port),
            "BASE_URL": self.url,
            "USER": "tests",
        }
        self.server = None
        self.log = []

    def command(self, *arguments):
        """Runs a command of the program and returns what it printed."""
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.checkout,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=CALL_DEADLINE,
        )
        if done.returncode != 0:
            raise AssertionError(f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def start(self):
        self.server = subprocess.Popen(
            [self.program, "serve"],
            cwd=self.checkout,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        ready = threading.Event()

        def listen():
            for line in self.server.stdout:
                self.log.append(line)
                if "listening on" in line:
                    ready.set()
            ready.set()

        threading.Thread(target=listen, daemon=True).start()
        if not ready.wait(START_DEADLINE) or self.server.poll() is not None:
            raise AssertionError("the server does not start:\n" + "".join(self.log))

    def stop(self):
        """Asks the server to end, and returns its exit code."""
        self.server.terminate()
        try:
            return self.server.wait(30)
        except subprocess.TimeoutExpired:
            self.server.kill()
            raise


class Answer:
    def __init__(self, response):
        self.status = response.status if hasattr(response, "status") else response.code
        self.url = response.url
        self.text = response.read().decode()

    def json(self):
        return json.loads(self.text)

    def expect(self, status):
        if self.status != status:
            raise AssertionError(f"{self.url} answers {self.status}, not {status}:\n{self.text[:2000]}")
        return self

    def statuses(self):
        """The statuses that the page shows, in its order."""
        return [found.strip() for found in re.findall(r'class="status [^"]*">.*?</svg>([^<]+)</span>', self.text)]

    def forms(self):
        reader = FormReader()
        reader.feed(self.text)
        return reader.forms

    def shows(self, *texts):
        plain = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", self.text)))
        for text in texts:
            if text not in plain:
                raise AssertionError(f"{self.url} does not show {text!r}:\n{plain[:3000]}")


class FormReader(HTMLParser):
    """Forms with the fields that a browser would send as they stand."""

    def __init__(self):
        super().__init__()
        self.forms = []
        self.inside = False

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.forms.append({"action": given.get("action", ""), "attributes": given, "fields": [], "offered": []})
            self.inside = True
        elif tag == "input" and self.inside and given.get("name"):
            field = (given["name"], given.get("value", "on"))
            self.forms[-1]["offered"].append(field)
            if given.get("type") not in ("checkbox", "radio", "submit") or "checked" in given:
                self.forms[-1]["fields"].append(field)

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False


class Visitor:
    """Somebody with a browser: keeps cookies, follows redirects, sends forms."""

    def __init__(self, site):
        self.site = site
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        # No proxy of this machine stands between us and the site.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def get(self, path, **headers):
        return self._send(urllib.request.Request(urllib.parse.urljoin(self.site.url, path), headers=headers))

    def send(self, page, form, **changes):
        """Sends a form of a page, with other values for the fields that are named."""
        fields = [(name, value) for name, value in form["fields"] if name not in changes]
        for name, value in changes.items():
            values = value if isinstance(value, list) else [value]
            fields += [(name, each) for each in values]
        address = urllib.parse.urljoin(page.url, form["action"] or page.url)
        body = urllib.parse.urlencode(fields).encode()
        headers = {"Origin": self.site.url, "Referer": page.url}
        return self._send(urllib.request.Request(address, data=body, headers=headers))

    def _send(self, request):
        try:
            with self.opener.open(request, timeout=CALL_DEADLINE) as response:
                return Answer(response)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error)

    def sign_in(self, username):
        link = self.site.command("login-link", username).splitlines()[-1]
        page = self.get(link).expect(200)
        [form] = [form for form in page.forms() if "/login-link/" in form["action"]]
        self.send(page, form).expect(200)
        return self
