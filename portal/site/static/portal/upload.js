// Uploading a file in pieces, because the server takes no large request. Without this script, small files are sent at once.
"use strict";

(() => {
  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  const TRIES = 4; // how often a piece is sent while the network fails
  const input = form.elements.file;
  const button = form.querySelector("button");
  const bar = form.querySelector("progress");
  const status = form.querySelector("[data-upload-status]");
  const problem = form.querySelector("[data-upload-problem]");
  const piece = Number(form.dataset.piece);

  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  async function send(url, body, headers) {
    for (let tries = 1; ; tries += 1) {
      let response = null;
      try {
        const token = form.elements.csrfmiddlewaretoken.value;
        const all = { ...headers, "X-CSRFToken": token };
        response = await fetch(url, { method: "POST", body, headers: all, redirect: "manual" });
      } catch (error) {
        if (tries === TRIES) throw new Error("The connection was lost. Check your network and upload the file again.");
      }
      if (response && leadsToSignIn(response)) throw new Error("You were signed out. Sign in and upload the file again.");
      if (response?.ok) {
        const answer = await response.json();
        if (answer.problem) throw new Error(answer.problem);
        return answer;
      }
      if (response && response.status < 500) throw new Error(reason(response));
      if (response && tries === TRIES) throw new Error("The server can't take the file now. Try again later.");
      await pause(500 * 2 ** tries);
    }
  }

  // The server answers in JSON. It redirects to the sign-in page, which is HTML, when a session has ended.
  function leadsToSignIn(response) {
    const isJson = (response.headers.get("Content-Type") ?? "").startsWith("application/json");
    return response.type === "opaqueredirect" || (response.ok && !isJson);
  }

  function reason(response) {
    if (response.status === 429) return "You have uploaded too much in a short time. Wait a while, then try again.";
    if (response.status === 404 || response.status === 403) return "You are signed out, or this upload no longer exists. Reload the page.";
    return "The server refused the file. Reload the page and try again.";
  }

  async function upload(file) {
    const { pieces } = await send(form.action, new URLSearchParams({ name: file.name, size: file.size }), {});
    const count = Math.ceil(file.size / piece);
    bar.max = count;
    for (let number = 1; number <= count; number += 1) {
      const body = await file.slice((number - 1) * piece, number * piece).arrayBuffer();
      const answer = await send(`${pieces}${number}/`, body, { "Content-Type": "application/octet-stream" });
      bar.value = number;
      status.textContent = number < count ? `Uploaded ${Math.floor((100 * number) / count)}%` : "Reading the file…";
      if (answer.next) return answer.next;
    }
    throw new Error("The file didn't arrive completely. Upload it again.");
  }

  function show(sentence) {
    problem.hidden = !sentence;
    problem.textContent = sentence;
    bar.hidden = status.hidden = Boolean(sentence);
    button.disabled = !sentence;
  }

  form.addEventListener("submit", async (event) => {
    const file = input.files[0];
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    if (button.disabled) return;
    if (file.size > Number(form.dataset.largest)) return show(form.dataset.tooLarge);
    show("");
    status.textContent = "Uploading…";
    bar.value = 0;
    try {
      location.assign(await upload(file));
    } catch (error) {
      show(error instanceof DOMException ? "The file can't be read. Choose it again." : error.message);
      problem.focus();
    }
  });

  // Back to this page after an upload: choose again
  addEventListener("pageshow", () => {
    button.disabled = false;
    bar.hidden = status.hidden = true;
  });
})();
