// A browser whose user agrees to everything: follows redirects, with cookies, to where the client waits for the code.
// From the command line, it prints that URL: `node browser.mjs AUTHORIZATION_URL`.

import { fileURLToPath } from 'node:url';

export const REDIRECT = 'http://127.0.0.1:1/callback';

export async function browse(start) {
  const cookies = new Map();
  let url = new URL(start);
  for (let hops = 0; hops < 20; hops += 1) {
    if (url.href.startsWith(REDIRECT)) return url;
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: cookie ? { cookie } : {} });
    for (const line of response.headers.getSetCookie()) {
      const [name, ...value] = line.split(';')[0].split('=');
      cookies.set(name, value.join('='));
    }
    const location = response.headers.get('location');
    if (!location) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    url = new URL(location, url);
  }
  throw new Error('too many redirects');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log((await browse(process.argv[2])).href);
