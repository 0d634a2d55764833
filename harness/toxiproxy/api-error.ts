/**
 * What the HTTP API answers when it refuses: the same texts and statuses as Toxiproxy, because clients and people
 * compare them. These are answers to a client, not failures of the harness.
 */

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

export const badRequestBody = (why: string) => new ApiError(`bad request body: ${why}`, 400);
export const missingField = (field: string) => new ApiError(`missing required field: ${field}`, 400);
export const invalidStream = () => new ApiError('stream was invalid, can be either upstream or downstream', 400);
export const invalidToxicType = () => new ApiError('invalid toxic type', 400);
export const proxyNotFound = () => new ApiError('proxy not found', 404);
export const toxicNotFound = () => new ApiError('toxic not found', 404);
export const proxyAlreadyExists = () => new ApiError('proxy already exists', 409);
export const toxicAlreadyExists = () => new ApiError('toxic already exists', 409);
