/*
 * quote/source/fetch/curl_load.c - functions of libcurl, found in the loaded library.
 */
#include "quote/source/fetch/curl_load.h"

#include <stdarg.h>

static CURLcode (*setopt)(CURL *curl, CURLoption option, ...);
static CURLcode (*getinfo)(CURL *curl, CURLINFO info, ...);

bool assay_curl_load(struct assay_curl *curl, char fault[static ASSAY_FILE_MESSAGE_LEN])
{
#define ROW(name) { "curl_" #name, &curl->name },
    const struct assay_library_function functions[] = { ASSAY_CURL_FUNCTIONS(ROW) /**/
                                                        { "curl_easy_setopt", &setopt },
                                                        { "curl_easy_getinfo", &getinfo } };
#undef ROW
    return assay_library_load("libcurl.so.4", functions, sizeof functions / sizeof functions[0],
                              fault);
}

/* The range of an option's number is the type of its value. */
CURLcode(curl_easy_setopt)(CURL *curl, CURLoption option, ...)
{
    CURLcode result;
    va_list arguments;
    va_start(arguments, option);
    if (option < CURLOPTTYPE_OBJECTPOINT) result = setopt(curl, option, va_arg(arguments, long));
    else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB)
        result = setopt(curl, option, va_arg(arguments, curl_off_t));
    else result = setopt(curl, option, va_arg(arguments, void *));
    va_end(arguments);
    return result;
}

CURLcode(curl_easy_getinfo)(CURL *curl, CURLINFO info, ...)
{
    va_list arguments;
    va_start(arguments, info);
    void *const out = va_arg(arguments, void *);
    va_end(arguments);
    return getinfo(curl, info, out);
}
