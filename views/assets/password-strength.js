// Says how strong a new password is while it is typed. The server judges: it knows the words that this page would have to
// load first. Without this script the same is said when the form is sent and something is wrong with it.
const box = document.querySelector('[data-strength]');
const field = document.getElementById(box?.dataset.strength ?? '');

if (box && field) {
  const pause = 250;
  let timer;

  const value = (name) => field.form.elements[name]?.value ?? '';

  async function judge() {
    const password = field.value;
    const names = [box.dataset.names, value('firstName'), value('lastName'), value('displayName')].join(' ').trim();
    const email = field.form.querySelector('[type="email"]')?.value ?? '';
    const answer = await fetch('/password-strength', {
      method: 'POST',
      body: new URLSearchParams({ csrf: value('csrf'), password, email, names }),
      redirect: 'error',
    });

    // Something else is typed by now, or the server has no time for it: the form tells later.
    if (!answer.ok || field.value !== password) return;

    const { score, label, reasons } = await answer.json();
    box.querySelector('[data-strength-label]').textContent = label;
    box.querySelector('[data-strength-reasons]').textContent = reasons.join(' ');
    box.dataset.score = score;
    box.hidden = false;
  }

  field.addEventListener('input', () => {
    clearTimeout(timer);
    if (field.value === '') box.hidden = true;
    else timer = setTimeout(() => void judge().catch(() => undefined), pause);
  });
}
