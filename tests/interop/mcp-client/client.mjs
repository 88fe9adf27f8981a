// An MCP client that knows the URL of a server, and nothing else: `node client.mjs v1|v2 URL`. It uses version 1 of the
// TypeScript SDK, which implements the specification of 2025-11-25, or version 2, which implements that of 2026-07-28.
// Prints as JSON what it went through.

import * as v1Auth from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import * as v2 from '@modelcontextprotocol/client';

import { REDIRECT, browse } from './browser.mjs';

const [version, url] = process.argv.slice(2);
const { Client, StreamableHTTPClientTransport, UnauthorizedError } = version === 'v1'
  ? { Client: ClientV1, StreamableHTTPClientTransport: TransportV1, UnauthorizedError: v1Auth.UnauthorizedError }
  : v2;

// What any client stores; the user is sent to the authorization server, and comes back with a code.
const requested = [];
let callback;
const stored = {};
const authProvider = {
  redirectUrl: REDIRECT,
  clientMetadata: {
    client_name: 'interop',
    redirect_uris: [REDIRECT],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  },
  clientInformation: () => stored.client,
  saveClientInformation: (client) => { stored.client = client; },
  tokens: () => stored.tokens,
  saveTokens: (tokens) => { stored.tokens = tokens; },
  codeVerifier: () => stored.verifier,
  saveCodeVerifier: (verifier) => { stored.verifier = verifier; },
  discoveryState: () => stored.discovery,
  saveDiscoveryState: (discovery) => { stored.discovery = discovery; },
  redirectToAuthorization: async (authorization) => {
    requested.push({ scope: authorization.searchParams.get('scope'), resource: authorization.searchParams.get('resource') });
    callback = await browse(authorization);
  },
};

const responses = [];
async function recording(input, init) {
  const response = await fetch(input, init);
  if (String(input) === url && init?.method === 'POST') {
    const { method, params } = JSON.parse(init.body);
    const headers = new Headers(init.headers);
    responses.push([method, params?.name, headers.get('mcp-name'), response.status].filter((it) => it != null).join(' '));
  }
  return response;
}

const newTransport = () => new StreamableHTTPClientTransport(new URL(url), { authProvider, fetch: recording });

async function finish(transport) {
  // Version 2 takes the parameters, because it compares the issuer too.
  if (version === 'v1') await transport.finishAuth(callback.searchParams.get('code'));
  else await transport.finishAuth(callback.searchParams);
}

// Runs `step`, and once more after authorization, which the SDK asks for with an error.
async function authorized(transport, step) {
  try {
    return await step(transport);
  } catch (error) {
    if (!(error instanceof UnauthorizedError) && !(error.cause instanceof UnauthorizedError)) throw error;
    await finish(transport);
    return undefined;
  }
}

// Version 1 ignores the option.
const newClient = () => new Client({ name: 'interop', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });

let client = newClient();
let transport = newTransport();
if (await authorized(transport, async (it) => { await client.connect(it); return true; }) === undefined) {
  client = newClient();
  transport = newTransport();
  await client.connect(transport);
}
const tools = (await client.listTools()).tools.map(({ name }) => name).sort();

async function call(name) {
  const step = () => client.callTool({ name, arguments: {} });
  const result = await authorized(transport, step) ?? await step();
  return result.content[0].text;
}

const results = [await call('list_orders'), await call('cancel_order')];
await client.close();
console.log(JSON.stringify({ tools, requested, responses, results }));
process.exit(0);
