/*
 * quote/source/fetch/curl_load.h - functions of libcurl, which is loaded at the first exchange.
 *
 * libcurl brings 25 further libraries into a process (TLS, Kerberos, LDAP, SSH): half of the start
 * time of the command line, and an HTTP client in the memory of a daemon that fetches nothing.
 */
#ifndef ASSAY_QUOTE_SOURCE_FETCH_CURL_LOAD_H
#define ASSAY_QUOTE_SOURCE_FETCH_CURL_LOAD_H

#include "base/file/library.h"

#include <curl/curl.h>

/* The functions that are called by pointer. The header's macros check the types of curl_easy_setopt
 * and curl_easy_getinfo, and call these by name: curl_load.c defines both. */
#define ASSAY_CURL_FUNCTIONS(ROW)                                                                  \
    ROW(easy_cleanup)                                                                              \
    ROW(easy_init)                                                                                 \
    ROW(easy_perform)                                                                              \
    ROW(easy_strerror)                                                                             \
    ROW(free)                                                                                      \
    ROW(global_init)                                                                               \
    ROW(slist_append)                                                                              \
    ROW(slist_free_all)                                                                            \
    ROW(url)                                                                                       \
    ROW(url_cleanup)                                                                               \
    ROW(url_get)                                                                                   \
    ROW(url_set)

#define ASSAY_CURL_FIELD(name) __typeof__(curl_##name) *name;
struct assay_curl {
    ASSAY_CURL_FUNCTIONS(ASSAY_CURL_FIELD)
};

/*
 * assay_curl_load - loads libcurl for the rest of the process.
 * Out:     *curl, or fault
 * Returns: whether it is loaded
 * Threads: one, before any other call of libcurl
 */
bool assay_curl_load(struct assay_curl *curl, char fault[static ASSAY_FILE_MESSAGE_LEN]);

#endif
