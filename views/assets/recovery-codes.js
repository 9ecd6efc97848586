// Copies, downloads and prints what the page shows; without it, the list can be selected and printed by hand.
const list = document.querySelector('[data-codes]');
const bar = document.querySelector('[data-codes-actions]');

if (list && bar) {
  const text = () => [...list.querySelectorAll('code')].map((code) => code.textContent).join('\n') + '\n';

  bar.hidden = false;
  bar.querySelector('[data-copy]')?.addEventListener('click', ({ currentTarget: button }) => {
    void navigator.clipboard.writeText(text()).then(() => {
      button.textContent = button.dataset.done;
    });
  });
  bar.querySelector('[data-print]')?.addEventListener('click', () => globalThis.print());
  bar.querySelector('[data-download]')?.addEventListener('click', () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text()], { type: 'text/plain' }));
    link.download = 'recovery-codes.txt';
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
