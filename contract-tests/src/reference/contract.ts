import type {
  CancelRequest,
  CancelResponse,
  CreateRequest,
  CreateResponse,
  EndRequest,
  EndResponse,
  GetRequest,
  GetResponse,
  ListRequest,
  ListResponse,
  ListTurnsRequest,
  ListTurnsResponse,
  ResolveApprovalRequest,
  ResolveApprovalResponse,
  SendRequest,
  SendResponse,
  SendStreamResponse,
  WatchEndingsRequest,
  WatchEndingsResponse,
  WatchRequest,
  WatchResponse,
} from "@amp/proto";

/** The contract without its transport. Failures are thrown as `richError` makes them. */
export interface Backend {
  create(request: CreateRequest): Promise<CreateResponse>;
  send(request: SendRequest, signal: AbortSignal): Promise<SendResponse>;
  sendStream(request: SendRequest, signal: AbortSignal): AsyncIterable<SendStreamResponse>;
  end(request: EndRequest): Promise<EndResponse>;
  get(request: GetRequest): Promise<GetResponse>;
  list(request: ListRequest): Promise<ListResponse>;
  listTurns(request: ListTurnsRequest): Promise<ListTurnsResponse>;
  watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<WatchResponse>;
  watchEndings(
    request: WatchEndingsRequest,
    signal: AbortSignal,
  ): AsyncIterable<WatchEndingsResponse>;
  cancel(request: CancelRequest): Promise<CancelResponse>;
  resolveApproval(request: ResolveApprovalRequest): Promise<ResolveApprovalResponse>;
}
