"use strict";
// The page works without this script. It refreshes the live part once a second, and posts the form without leaving the page.
(() => {
  const $ = (id) => document.getElementById(id);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const pause = $("pause"), stale = $("stale"), now = $("now");
  let paused = false, answered = new Date();

  // XMLHttpRequest parses a document by itself, so that no text here is ever made into markup.
  const load = (method, url, body) =>
    new Promise((done, fail) => {
      const request = new XMLHttpRequest();
      request.open(method, url);
      request.responseType = "document";
      request.timeout = 30000;
      request.onload = () => {
        const page = request.response;
        if (request.status === 401) fail(new Error("signed out; reload the page to sign in"));
        else if (page && page.body && request.getResponseHeader("content-type").startsWith("text/html")) done(page);
        else fail(new Error("HTTP " + request.status));
      };
      request.onerror = request.ontimeout = () => fail(new Error("no answer"));
      request.send(body);
    });

  // A section with a text selection or the keyboard focus in it is not replaced.
  const inUse = (section) =>
    section.contains(document.activeElement) || (!getSelection().isCollapsed && getSelection().containsNode(section, true));

  const show = (page) => {
    for (const fresh of page.querySelectorAll("#now > section")) {
      const old = $(fresh.id);
      if (old && !inUse(old) && old.outerHTML !== fresh.outerHTML) old.replaceWith(document.adoptNode(fresh));
    }
  };

  const refresh = async () => {
    if (!paused && !document.hidden) {
      try {
        show(await load("GET", "/now"));
        answered = new Date();
        stale.hidden = true;
        now.classList.remove("old");
      } catch (error) {
        const text = "No answer from this worker since " + answered.toLocaleTimeString() + ": " + error.message + ".";
        if (stale.textContent !== text) stale.textContent = text;
        stale.hidden = false;
        now.classList.add("old");
      }
    }
    setTimeout(refresh, calm.matches ? 5000 : 1000);
  };
  setTimeout(refresh, 1000);

  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Resume" : "Pause";
  });

  const form = document.querySelector("#playground form"), text = $("article"), result = $("result");
  const showError = (words) => {
    const line = document.createElement("p");
    line.className = "refused";
    line.textContent = words;
    result.replaceChildren(line);
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    const largest = Number(text.dataset.largest);
    form.ariaBusy = "true";
    try {
      if (new TextEncoder().encode(text.value).length > largest) {
        showError("An article may have at most " + largest + " bytes here.");
      } else {
        const page = await load("POST", "/", new URLSearchParams({ article: text.value }));
        result.replaceChildren(...document.adoptNode(page.getElementById("result")).childNodes);
      }
    } catch (error) {
      showError("This worker did not clean it: " + error.message + ".");
    }
    form.ariaBusy = "false";
    result.hidden = false;
    result.focus({ preventScroll: true });
    result.scrollIntoView({ behavior: calm.matches ? "auto" : "smooth", block: "nearest" });
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
})();
