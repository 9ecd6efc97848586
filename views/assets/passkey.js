// Asks the browser for a passkey and sends its answer with the form. Where there are no passkeys the form stays hidden.
const form = document.querySelector('form[data-passkey]');

if (form && globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  const { passkey, ceremony, autofill } = form.dataset;
  let options = JSON.parse(passkey);
  let since = Date.now();
  let waiting;

  form.hidden = false;
  for (const note of document.querySelectorAll('[data-no-passkey]')) note.hidden = true;

  // What a page asks the browser for works for five minutes. Later the same page is fetched once more for newer ones; where
  // that leads elsewhere or fails, the server says that it took too long.
  const renew = async () => {
    if (Date.now() - since < 240_000) return;

    const answer = await fetch(location.href, { redirect: 'error' });
    if (!answer.ok) return;

    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const newer = page.querySelector(`form[data-passkey][data-ceremony="${ceremony}"]`)?.dataset.passkey;
    if (newer) {
      options = JSON.parse(newer);
      since = Date.now();
    }
  };

  const ask = (more) =>
    ceremony === 'create'
      ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options), ...more })
      : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), ...more });

  const send = (credential) => {
    form.elements.response.value = JSON.stringify(credential.toJSON());
    form.submit();
  };

  // Whatever the reason: the server says in the person's language that nothing was used.
  const sendNothing = () => {
    form.elements.response.value = '';
    form.submit();
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    waiting?.abort();
    renew()
      .catch(() => undefined)
      .then(() => ask({}))
      .then(send, sendNothing);
  });

  // The browser offers passkeys among the addresses that it fills in.
  if (autofill !== undefined && (await PublicKeyCredential.isConditionalMediationAvailable?.())) {
    waiting = new AbortController();
    ask({ mediation: 'conditional', signal: waiting.signal }).then(send, () => undefined);
  }
}
