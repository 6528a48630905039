/*
 * net/http/listen.h - listening sockets of the HTTP server. Private to the folder. Private to the
 * folder.
 */
#ifndef ASSAY_NET_HTTP_LISTEN_H
#define ASSAY_NET_HTTP_LISTEN_H

#include "net/http/http.h"

/*
 * Out:     *fd: non-blocking and listening; *loopback: TCP of this machine
 * Returns: as assay_http_open
 */
ASSAY_CHECKED enum assay_status assay_http_listen(const struct assay_http_config *config, int *fd,
                                                  bool *loopback, char *message,
                                                  size_t message_len);

#endif
