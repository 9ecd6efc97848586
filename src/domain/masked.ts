/** Where a code goes, for whoever knows the address already and for nobody else: enough to recognise, not to learn. */

/** `a•••@example.org`: the host helps to find the mailbox. */
export function maskedEmail(email: string): string {
  const at = email.lastIndexOf('@');
  const [first = ''] = email.slice(0, at);

  return `${first}•••${email.slice(at)}`;
}

/** `•••• 67` */
export function maskedPhone(number: string): string {
  return `•••• ${number.slice(-2)}`;
}
