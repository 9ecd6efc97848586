// Sends the one form of the page, which a person could send with its button as well.
document.querySelector('form[data-submit]').submit();
