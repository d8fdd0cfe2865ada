/**
 * The control socket: a Unix socket for this user alone, JSON lines both ways, each request answered with one line: {"ok":true,…} or
 * {"ok":false,"error":…}.
 */
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { ControlError, type Done, type Request } from "./operator.ts";

/** Octets of the longest request and answer. */
const LINE_MAX = 16 << 20;
const OWN_ONLY = 0o600;
const OTHERS_MASK = 0o177;

/** Octets of the longest path that every system takes; what is longer may be cut off in silence. */
const PATH_MAX = 103;

/** Cuts text into lines, and calls `take` with each. */
function lines(socket: Socket, take: (line: string) => unknown): void {
  let rest = "";
  socket.setEncoding("utf8").on("data", (data) => {
    const parts = (rest + String(data)).split("\n");
    rest = parts.pop()!;
    if (rest.length > LINE_MAX) socket.destroy();
    for (const line of parts) if (line.trim() !== "") take(line);
  });
}

/** Whether somebody answers at a path. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

function pathCheck(path: string): void {
  if (Buffer.byteLength(path) > PATH_MAX)
    throw new ControlError(`${path} is too long for a socket (${PATH_MAX} octets)`);
}

/** Takes away what a service that was killed has left. @throws ControlError when the path is taken */
async function pathClear(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new ControlError(`${path} is there and is no socket; choose another path`);
  if (await isServed(path)) throw new ControlError(`${path} is used by a running service; choose another path`);
  unlinkSync(path);
}

export class ControlSocket {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly serve: (request: Request) => Promise<Done>;

  private constructor(serve: (request: Request) => Promise<Done>) {
    this.serve = serve;
    this.server = createServer((socket) => this.accept(socket));
  }

  /** Listens at `path`. @throws ControlError, or the system's error */
  static async open(path: string, serve: (request: Request) => Promise<Done>): Promise<ControlSocket> {
    const control = new ControlSocket(serve);
    try {
      pathCheck(path);
      await pathClear(path);
      await control.listen(path);
    } catch (error) {
      throw error instanceof ControlError ? error : new ControlError(`${path}: ${(error as Error).message}`);
    }
    return control;
  }

  private listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      // The socket is there, and nobody else's, from its first instant.
      const mask = process.umask(OTHERS_MASK);
      try {
        this.server.listen(path, () => {
          chmodSync(path, OWN_ONLY);
          resolve();
        });
      } finally {
        process.umask(mask);
      }
    });
  }

  close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket)).on("error", () => undefined);
    // Answers come in the order of the requests.
    let last = Promise.resolve();
    lines(socket, (line) => (last = last.then(() => this.answer(socket, line))));
  }

  private async answer(socket: Socket, line: string): Promise<void> {
    let reply: object;
    try {
      const { facts, text } = await this.serve(requestOf(line));
      reply = { ok: true, ...facts, text };
    } catch (error) {
      reply = { ok: false, error: (error as Error).message };
    }
    if (!socket.destroyed) socket.write(`${JSON.stringify(reply)}\n`);
  }
}

const OPTIONAL_METERS = (value: unknown): boolean => value === undefined || Array.isArray(value);
const ANYTHING = (): boolean => true;

/** Keys of each request beside `do`, and what stands there. */
const REQUESTS: Readonly<Record<Request["do"], Readonly<Record<string, (value: unknown) => boolean>>>> = {
  inject: { scenario: ANYTHING, meters: OPTIONAL_METERS },
  end: { step: (value) => value === undefined || typeof value === "string", meters: OPTIONAL_METERS },
  jump: { to: (value) => typeof value === "string" || typeof value === "number" },
  speed: { speed: (value) => typeof value === "number" },
  pause: {},
  resume: {},
  status: {},
};

/** @throws ControlError */
function requestOf(line: string): Request {
  let json: Record<string, unknown>;
  try {
    json = Object(JSON.parse(line)) as Record<string, unknown>;
  } catch (error) {
    throw new ControlError(`not JSON: ${(error as Error).message}`);
  }
  const name = json["do"];
  const keys = typeof name === "string" && Object.hasOwn(REQUESTS, name) ? REQUESTS[name as Request["do"]] : undefined;
  if (keys === undefined) {
    throw new ControlError(`"do" must be one of ${Object.keys(REQUESTS).join(", ")}`);
  }
  const unknown = Object.keys(json).find((key) => key !== "do" && !Object.hasOwn(keys, key));
  if (unknown !== undefined) throw new ControlError(`${name}: unknown key "${unknown}"`);
  const bad = Object.keys(keys).find((key) => !keys[key]!(json[key]));
  if (bad !== undefined) throw new ControlError(`${name}: "${bad}" is missing or not understood`);
  return json as unknown as Request;
}

/** Asks the service at `path`. @throws ControlError */
export function controlAsk(path: string, request: Request): Promise<{ text: string } & Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    pathCheck(path);
    const socket = connect(path, () => void socket.write(`${JSON.stringify(request)}\n`));
    socket.on("error", (error: NodeJS.ErrnoException) => reject(new ControlError(connectText(path, error))));
    socket.on("close", () => reject(new ControlError(`${path}: the service ended before it answered`)));
    lines(socket, (line) => {
      const { ok, error, ...facts } = JSON.parse(line) as { ok: boolean; error?: string; text: string };
      if (ok) resolve(facts);
      else reject(new ControlError(error ?? "refused"));
      socket.destroy();
    });
  });
}

function connectText(path: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ENOENT":
      return `${path} is not there; is a service running with --control ${path}?`;
    case "ECONNREFUSED":
    case "ENOTSOCK":
      return `nobody answers at ${path}; is a service running with --control ${path}?`;
    case "EACCES":
      return `${path} is another user's`;
    default:
      return `${path}: ${error.message}`;
  }
}
