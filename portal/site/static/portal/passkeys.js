// Passkeys: a form with data-passkey asks the browser for a credential before it is submitted.
// data-passkey="create" creates one, "get" uses one. data-passkey-options is the id of the element with the server's
// options. Without it, they are fetched from the form's action.
"use strict";

const SENTENCES = {
  NotAllowedError: "The passkey request was canceled or took too long. Try again.",
  InvalidStateError: "This device already has a passkey for your account.",
  SecurityError: "Passkeys don't work at this address. Use the portal's main address.",
};

async function passkeyOptions(form) {
  const element = document.getElementById(form.dataset.passkeyOptions);
  if (element) {
    const given = JSON.parse(element.textContent);
    return given.creation_options || given.request_options;
  }
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("no options");
  return (await answer.json()).request_options;
}

async function askForPasskey(form) {
  const options = await passkeyOptions(form);
  if (form.dataset.passkey === "get") return webauthnJSON.get(options);
  Object.assign(options.publicKey.authenticatorSelection, {
    residentKey: "required",
    requireResidentKey: true,
    userVerification: "required",
  });
  return webauthnJSON.create(options);
}

async function sendWithPasskey(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const trouble = form.querySelector("[data-passkey-trouble]");
  const button = form.querySelector("button");
  trouble.hidden = true;
  button.disabled = true;
  try {
    form.elements.credential.value = JSON.stringify(await askForPasskey(form));
    form.submit();
  } catch (error) {
    trouble.textContent = SENTENCES[error.name] || "The passkey couldn't be used. Try again, or sign in another way.";
    trouble.hidden = false;
    button.disabled = false;
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", sendWithPasskey);
  // hidden until now: sent without this script, the form would hold no credential
  form.querySelector("button").hidden = false;
}
