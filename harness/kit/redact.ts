/**
 * Takes secrets out of texts before they are written: passwords in URLs and in the flags and variables that people
 * give them in. Results and logs are uploaded by CI, so a password must not even reach the file.
 */

const MASK = '***';

/**
 * Replaces passwords by `***`: `redis://user:secret@host` → `redis://user:***@host`, `password=…`,
 * `PGPASSWORD=…`, `--redis-password …`, and query parameters such as `?auth=…`. The user's name, host and path stay.
 */
export function redact(text: string): string {
  return (
    text
      // The password may itself hold '@', ':' and '/': the last '@' before white space, a quote or the next URL of a
      // list ends it. Digits and a slash after the colon are a port, so that `http://host:80/a@b` stays.
      .replace(
        /\b([a-z][a-z0-9+.-]*:\/\/)([^\s:@/'"`]*):(?!\d+\/)(?:(?!,[a-z][a-z0-9+.-]*:\/\/)[^\s'"`])+@/gi,
        `$1$2:${MASK}@`,
      )
      .replace(/([?&](?:password|passwd|pwd|auth|token|secret)=)[^&\s'"`#]+/gi, `$1${MASK}`)
      .replace(/\b(\w*(?:password|passwd|pgpass|secret|redis_auth)\w*["']?\s*[=:]\s*["']?)[^\s'"`&,;}]+/gi, `$1${MASK}`)
      .replace(/(--[\w-]*(?:password|secret)[\w-]*\s+)(?!-)\S+/gi, `$1${MASK}`)
  );
}
