// Copies what stands on the page; without it, that can be selected and copied by hand.
for (const button of document.querySelectorAll('[data-copy-of]')) {
  const source = document.getElementById(button.dataset.copyOf);
  if (!source || !navigator.clipboard) continue;

  button.hidden = false;
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(source.textContent.trim()).then(() => {
      button.textContent = button.dataset.done;
    });
  });
}
