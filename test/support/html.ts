/** Reads the forms of a page of ours, as a browser would before sending one. Enough HTML for our own templates. */
export interface Form {
  action: string;
  method: 'get' | 'post';
  /** What would be sent without touching anything. */
  fields: Record<string, string>;
  /** Names of everything that can be filled in, boxes that are not ticked included. */
  names: string[];
  buttons: { name?: string; value: string; text: string }[];
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ' };

export function unescapeHtml(text: string): string {
  return text.replace(/&(#x?[\da-f]+|\w+);/gi, (whole, name: string) => {
    if (/^#x/i.test(name)) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)));

    return entities[name] ?? whole;
  });
}

/** The text that a person reads: no tags, no runs of white space. */
export function textOf(html: string): string {
  return unescapeHtml(
    html
      .replace(/<(script|style|head)\b.*?<\/\1>/gis, ' ')
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' '),
  ).trim();
}

export function formsIn(html: string): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(([, attributes = '', inside = '']) => {
    const { action = '', method = 'get' } = attributesOf(attributes);

    return { action, method: method.toLowerCase() === 'post' ? 'post' : 'get', ...controlsIn(inside) };
  });
}

function controlsIn(html: string): Pick<Form, 'fields' | 'names' | 'buttons'> {
  const fields: Record<string, string> = {};
  const names: string[] = [];
  const buttons: Form['buttons'] = [];
  const controls = /<(input|select|textarea|button)\b([^>]*)>(?:(.*?)<\/(?:select|textarea|button)>)?/gis;

  for (const [, tag = '', text = '', inside = ''] of html
    .replace(/(<input\b[^>]*>)/gi, '$1</select>')
    .matchAll(controls)) {
    const { name, ...rest } = attributesOf(text);

    if (tag.toLowerCase() === 'button') {
      buttons.push({ ...(name !== undefined && { name }), value: rest['value'] ?? '', text: textOf(inside) });
      continue;
    }

    if (name === undefined || 'disabled' in rest) continue;

    names.push(name);

    const value = valueOf(tag.toLowerCase(), rest, inside);

    if (value !== undefined) fields[name] = value;
  }

  return { fields, names, buttons };
}

function valueOf(tag: string, attributes: Record<string, string>, inside: string): string | undefined {
  if (tag === 'textarea') return unescapeHtml(inside.replace(/^\n/, ''));

  if (tag === 'select') {
    const options = [...inside.matchAll(/<option\b([^>]*)>/gi)].map(([, text = '']) => attributesOf(text));

    return (options.find((option) => 'selected' in option) ?? options[0])?.['value'];
  }

  if (/^(checkbox|radio)$/.test(attributes['type'] ?? '')) {
    return 'checked' in attributes ? (attributes['value'] ?? 'on') : undefined;
  }

  return attributes['value'] ?? '';
}

function attributesOf(text: string): Record<string, string> {
  const found = [...text.matchAll(/([\w-]+)(?:\s*=\s*"([^"]*)")?/g)];

  return Object.fromEntries(found.map(([, name = '', value = '']) => [name.toLowerCase(), unescapeHtml(value)]));
}
