/*
 * enforce/container.h - enforcement target for a container, over the API of its engine on a UNIX
 * socket.
 *
 * The API of Docker's engine, which Podman implements too: look (GET /containers/NAME/json), start,
 * stop, pause, unpause. Paths without a version: both engines take them as their newest.
 */
#ifndef ASSAY_ENFORCE_CONTAINER_H
#define ASSAY_ENFORCE_CONTAINER_H

#include "enforce/target.h"

enum { ASSAY_CONTAINER_NAME_MAX = 128 };

/* Returns: whether an engine takes it as a name or id: [A-Za-z0-9][A-Za-z0-9_.-]*, at most 128. */
bool assay_container_name_is_valid(const char *name);

/* socket: path of the engine's socket; name: of the container; both copied.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (the path) | ASSAY_E_SYNTAX (the name) | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_container_open(const char *socket, const char *name,
                                                     struct assay_target **out);

#endif
