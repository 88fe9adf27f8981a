// Makes calls with @grpc/grpc-js or grpc-web, one for each line of standard input, and prints the outcomes.
//
//     node client.mjs grpc-js|grpc-web HOST:PORT
//
// A line is JSON: `path`, `authorization` or null, `wish` (a message in base64), and for grpc-js
// `stream` (more messages, for a method of streams). The output is also JSON: `code`, `message`, `challenges`, `details` (base64), `responses`.
import readline from 'node:readline';
import grpc from '@grpc/grpc-js';
import grpcWeb from 'grpc-web';
import XMLHttpRequest from 'xhr2';

const [kind, address] = process.argv.slice(2);

const same = (bytes) => bytes;

function callWithGrpcJs() {
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  return ({ path, authorization, wish, stream }) =>
    new Promise((resolve) => {
      const metadata = new grpc.Metadata();
      if (authorization) metadata.set('authorization', authorization);
      const outcome = (status, responses) => ({
        code: status.code,
        message: status.details,
        challenges: status.metadata.get('www-authenticate'),
        details: (status.metadata.get('grpc-status-details-bin')[0] ?? Buffer.alloc(0)).toString('base64'),
        responses,
      });
      if (!stream) {
        const wished = Buffer.from(wish, 'base64');
        let responses = 0;
        const call = client.makeUnaryRequest(path, same, same, wished, metadata, (error) => (responses = error ? 0 : 1));
        call.on('status', (status) => setImmediate(() => resolve(outcome(status, responses))));
        return;
      }
      let responses = 0;
      const call = client.makeBidiStreamRequest(path, same, same, metadata);
      call.on('data', () => responses++);
      call.on('error', () => {});
      call.on('status', (status) => resolve(outcome(status, responses)));
      for (const message of stream) call.write(Buffer.from(message, 'base64'));
      call.end();
    });
}

function callWithGrpcWeb(format) {
  globalThis.XMLHttpRequest = XMLHttpRequest;
  const client = new grpcWeb.GrpcWebClientBase({ format });
  const method = (path) =>
    new grpcWeb.MethodDescriptor(path, grpcWeb.MethodType.UNARY, Uint8Array, Uint8Array, same, same);
  return ({ path, authorization, wish }) =>
    new Promise((resolve) => {
      const metadata = authorization ? { authorization } : {};
      const wished = Uint8Array.from(Buffer.from(wish, 'base64'));
      client.rpcCall(`http://${address}${path}`, wished, metadata, method(path), (error) =>
        resolve({
          code: error?.code ?? 0,
          message: error?.message ?? '',
          challenges: [error?.metadata?.['www-authenticate']].filter(Boolean),
          details: error?.metadata?.['grpc-status-details-bin'] ?? '',
          responses: error ? 0 : 1,
        }),
      );
    });
}

const call = kind === 'grpc-js' ? callWithGrpcJs() : callWithGrpcWeb(kind === 'grpc-web' ? 'binary' : 'text');
for await (const line of readline.createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await call(JSON.parse(line))));
}
process.exit(0);
