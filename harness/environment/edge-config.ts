/**
 * The configuration of nginx as an HTTP cache in front of the instances: what a CDN's edge does, in the few lines that
 * decide it. How long a page stays fresh, and for how long a stale one may be shown, comes from the service's
 * `Cache-Control` and not from here; nginx obeys `s-maxage` and `stale-while-revalidate`.
 */
import type { PlannedEdge } from '../contract/plan.ts';

/** Answered by the edge itself, and never passed on: that it is there. */
export const EDGE_READY_PATH = '/cachequake/edge';

export interface EdgeConfigInput {
  /** For example `127.0.0.1:8080`. */
  listen: string;
  /** `host:port` of each instance. */
  upstreams: readonly string[];
  edge: PlannedEdge;
}

/**
 * The whole `nginx.conf`. Paths in it are relative to nginx's prefix (`-p`), so that no path needs quoting.
 *
 * `Cache-Status` (RFC 9211) tells a hit, and a stale page that is shown while a new one is fetched, without the line
 * that was stored with the page, which is about another request. Whatever went on to the service keeps the service's
 * own line in front.
 */
export function edgeConfig({ listen, upstreams, edge }: EdgeConfigInput): string {
  const servers = upstreams.map((address) => `    server ${address} max_fails=0;`).join('\n');
  return `# One process, so that it ends as one; it starts with an empty cache and keeps what it has for the length of a run.
daemon off;
master_process off;
pid nginx.pid;
error_log stderr notice;
events {
  worker_connections 8192;
}
http {
  access_log off;
  client_body_temp_path body_temp;
  proxy_temp_path proxy_temp;
  fastcgi_temp_path fastcgi_temp;
  uwsgi_temp_path uwsgi_temp;
  scgi_temp_path scgi_temp;
  proxy_cache_path cache levels=1:2 keys_zone=edge:32m inactive=1h max_size=1g use_temp_path=off;

  map $upstream_http_cache_status $behind {
    "" "";
    default "$upstream_http_cache_status, ";
  }
  map $upstream_cache_status $combined_status {
    HIT "edge; hit";
    STALE "edge; hit; detail=stale";
    UPDATING "edge; hit; detail=stale";
    REVALIDATED "edge; fwd=stale; fwd-status=304; detail=miss";
    EXPIRED "\${behind}edge; fwd=stale";
    MISS "\${behind}edge; fwd=uri-miss";
    default "$upstream_http_cache_status";
  }

  upstream service {
${servers}
    keepalive 256;
    keepalive_requests 1000000;
  }

  server {
    listen ${listen};
    keepalive_timeout 75s;
    keepalive_requests 1000000;
    client_max_body_size 16m;

    location = ${EDGE_READY_PATH} {
      return 204;
    }
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_read_timeout 120s;

      proxy_cache edge;
      proxy_cache_key $request_uri;
      proxy_cache_revalidate on;
      proxy_cache_background_update on;
      proxy_cache_lock ${edge.parameters.lock ? 'on' : 'off'};

      proxy_hide_header Cache-Status;
      add_header Cache-Status $combined_status always;
      # nginx sends the Age of a stored page as it was when it was stored.
      proxy_hide_header Age;
    }
  }
}
`;
}
