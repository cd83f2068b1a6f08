"""Opens the HTML of mails in Chromium, for tests: mail_pages.py FILE... [--pictures FOLDER]

Each in light and dark, 320 and 1000 pixels wide. Prints a line for each fault: what axe-core finds (contrast, names of
pictures and links, the language), what is wider than the screen, what is asked for over the network. With --pictures it
also writes a picture of each.
"""

import pathlib
import shutil
import sys

import axe_playwright_python
from playwright.sync_api import sync_playwright

words = sys.argv[1:]
pictures = None
if "--pictures" in words:
    place = words.index("--pictures")
    pictures = pathlib.Path(words[place + 1])
    words = words[:place] + words[place + 2:]
axe = (pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium-headless-shell"), args=["--no-sandbox"])
    for path in map(pathlib.Path, words):
        for scheme in ("light", "dark"):
            for width in (320, 1000):
                context = browser.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme)
                tab = context.new_page()
                where = f"{path.name} ({scheme}, {width})"
                asked = []
                tab.on("request", lambda request: asked.append(request.url))
                tab.goto(path.absolute().as_uri())
                for url in asked:
                    if not url.startswith(("file:", "data:")):
                        print(f"{where}: asks for {url}")
                if tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                    print(f"{where}: wider than the screen")
                background = tab.evaluate("getComputedStyle(document.body).backgroundColor")
                if (sum(map(int, background[4:-1].split(","))) < 384) != (scheme == "dark"):
                    print(f"{where}: the background is {background}")
                if pictures:
                    tab.screenshot(path=str(pictures / f"{path.stem}-{scheme}-{width}.png"), full_page=True)
                tab.evaluate(axe)
                for violation in tab.evaluate("rules => axe.run(document, rules)", rules)["violations"]:
                    print(f"{where}: axe {violation['id']} {[node['target'] for node in violation['nodes']][:3]}")
                context.close()
