/*
 * net/http/server_cache.c - cache of responses of the HTTP server.
 *
 * Answers are kept while the view that they were made of is the newest, and those of a closed epoch
 * until the next one closes, so a thousand clients cost one rendering.
 */
#include "net/http/server_internal.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

bool http_server_cache_key(const struct assay_http_request *r, char key[static HTTP_SERVER_KEY_MAX])
{
    static const char *const never[] = {
        "/livez",       "/readyz",  "/v1/permit", "/v1/events",
        "/v1/timeline", "/metrics", "/v1/client", "/v1/authorize"
    };
    if (!assay_http_is_allowed(r) || r->has_body || r->too_many_parameters) return false;
    if (strcmp(r->method, "GET") != 0 || (r->accept != NULL && strstr(r->accept, "*/*") == NULL))
        return false;
    /* By the key of a client, which is in a header. */
    if (strncmp(r->path, "/v1/ext-authz/", 14) == 0) return false;
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (strcmp(r->path, never[i]) == 0) return false;
    int len = snprintf(key, HTTP_SERVER_KEY_MAX, "%s?", r->path);
    for (size_t i = 0; i < r->parameter_count && len > 0 && len < HTTP_SERVER_KEY_MAX; i++)
        len +=
            snprintf(key + len, (size_t)(HTTP_SERVER_KEY_MAX - len), "%s=%s&", r->parameters[i].key,
                     r->parameters[i].value != NULL ? r->parameters[i].value : "");
    return len > 0 && len < HTTP_SERVER_KEY_MAX;
}

const struct kept *http_server_cache_find(const struct assay_http *http, const char *key,
                                          uint64_t generation)
{
    ASSAY_ASSERT(generation > 0);
    for (size_t i = 0; i < HTTP_SERVER_KEPT; i++)
        if (http->kept[i].response != NULL && http->kept[i].generation == generation &&
            strcmp(http->kept[i].key, key) == 0)
            return &http->kept[i];
    return NULL;
}

/* Takes the reference over. */
static void cache_in(struct kept *place, const char *key, const char *etag, uint64_t generation,
                     struct MHD_Response *response, size_t len)
{
    ASSAY_ASSERT(response != NULL && strlen(key) < sizeof place->key);
    if (place->response != NULL) MHD_destroy_response(place->response);
    *place =
        (struct kept){ .generation = generation, .len = len, .response = response, .status = 200 };
    (void)snprintf(place->key, sizeof place->key, "%s", key);
    (void)snprintf(place->etag, sizeof place->etag, "%s", etag);
}

void http_server_cache_add(struct assay_http *http, const char *key, const char *etag,
                           uint64_t generation, struct MHD_Response *response, size_t len)
{
    cache_in(&http->kept[http->kept_next++ % HTTP_SERVER_KEPT], key, etag, generation, response,
             len);
}

void http_server_cache_add_epoch(struct assay_http *http, const char *key, const char *etag,
                                 struct MHD_Response *response, size_t len)
{
    cache_in(&http->epochal[http->epochal_next++ % HTTP_SERVER_EPOCHAL], key, etag, 0, response,
             len);
}

bool http_server_cache_epoch_key(const struct assay_http_request *r,
                                 char key[static HTTP_SERVER_KEY_MAX])
{
    struct assay_http_request plain = *r;
    bool is_named = false;
    if (!assay_http_is_of_epoch(r, &is_named)) return false;
    plain.accept = NULL;
    if (!http_server_cache_key(&plain, key)) return false;
    const size_t len = strlen(key);
    if (len + 2 > HTTP_SERVER_KEY_MAX) return false;
    key[len] = is_named ? 'n' : '-';
    key[len + 1] = '\0';
    return true;
}

const struct kept *http_server_cache_find_epoch(const struct assay_http *http, const char *key,
                                                const struct assay_http_snapshot *view)
{
    char etag[ASSAY_HTTP_ETAG_MAX];
    if (!assay_http_newest_etag(view, etag)) return NULL;
    for (size_t i = 0; i < HTTP_SERVER_EPOCHAL; i++)
        if (http->epochal[i].response != NULL && strcmp(http->epochal[i].etag, etag) == 0 &&
            strcmp(http->epochal[i].key, key) == 0)
            return &http->epochal[i];
    return NULL;
}

void http_server_clear_cached(struct assay_http *http, bool all)
{
    for (size_t i = 0; i < HTTP_SERVER_KEPT; i++) {
        struct kept *kept = &http->kept[i];
        if (kept->response == NULL || (!all && kept->generation == http->generation)) continue;
        MHD_destroy_response(kept->response);
        kept->response = NULL;
    }
    for (size_t i = 0; all && i < HTTP_SERVER_EPOCHAL; i++) {
        if (http->epochal[i].response != NULL) MHD_destroy_response(http->epochal[i].response);
        http->epochal[i].response = NULL;
    }
}
