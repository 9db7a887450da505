/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "netlink_dump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The kernel fills at most this much at once. */
#define ANSWER_SIZE 32768
/* How often a list that changed while it was told is asked for anew. */
#define MOST_DUMPS 8

/* The messages of an answer that tell of objects, one after the other. */
struct answer {
	char *bytes;
	size_t size;
	size_t capacity;
	int error;	/* of the whole */
	int is_complete;
};

static int keep(struct answer *answer, const struct nlmsghdr *message)
{
	size_t size = MNL_ALIGN(message->nlmsg_len);

	if (answer->size + size > answer->capacity) {
		size_t capacity = 2 * (answer->size + size);
		char *bytes = realloc(answer->bytes, capacity);

		if (!bytes)
			return ENOMEM;
		answer->bytes = bytes;
		answer->capacity = capacity;
	}
	memcpy(answer->bytes + answer->size, message, message->nlmsg_len);
	answer->size += size;
	return 0;
}

static void take_message(struct answer *answer, const struct nlmsghdr *message)
{
	const int *outcome = mnl_nlmsg_get_payload(message);
	int error = 0;

	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
	case NLMSG_OVERRUN:
		break;
	case NLMSG_ERROR:
	case NLMSG_DONE:
		if (mnl_nlmsg_get_payload_len(message) >= sizeof(*outcome) && *outcome < 0)
			error = -*outcome;
		answer->is_complete = 1;
		break;
	default:
		error = keep(answer, message);
	}
	/* What is listed changed meanwhile. */
	if (!error && (message->nlmsg_flags & NLM_F_DUMP_INTR))
		error = EINTR;
	if (!answer->error)
		answer->error = error;
}

/* Reads an answer to its end, also after an error: the next request is refused while a list is being told. */
static void read_answer(struct mnl_socket *socket, unsigned int number, struct answer *answer)
{
	_Alignas(8) char buffer[ANSWER_SIZE];

	while (!answer->is_complete) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
		ssize_t received = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		int left = received;

		if (received < 0 && errno == EINTR)
			continue;
		if (received <= 0) {
			answer->error = received < 0 ? errno : EBADMSG;
			return;
		}
		for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
			if (message->nlmsg_seq == number)
				take_message(answer, message);
		}
	}
}

static int send_request(struct mnl_socket *socket, int type, int flags, const void *header, size_t header_size)
{
	_Alignas(8) char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	ssize_t sent;

	if (header_size > sizeof(buffer) - NLMSG_HDRLEN)
		return EMSGSIZE;
	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | flags;
	request->nlmsg_seq = type;
	memcpy(mnl_nlmsg_put_extra_header(request, header_size), header, header_size);
	do
		sent = mnl_socket_sendto(socket, request, request->nlmsg_len);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? errno : 0;
}

static int give(const struct answer *answer, mnl_cb_t take, void *context)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)answer->bytes;
	int left = answer->size;

	for (; left > 0 && mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		if (take(message, context) == MNL_CB_ERROR)
			return errno;
	}
	return 0;
}

/* Nothing is given before the whole answer is there, and all of it is of one moment. */
static int ask(struct mnl_socket *socket, int type, int flags, const void *header, size_t header_size, mnl_cb_t take,
	       void *context)
{
	struct answer answer = {};
	int error = EINTR;

	for (int attempt = 0; attempt < MOST_DUMPS && error == EINTR; attempt++) {
		answer.size = 0;
		answer.error = 0;
		answer.is_complete = 0;
		error = send_request(socket, type, flags, header, header_size);
		if (error)
			break;
		read_answer(socket, type, &answer);
		error = answer.error;
	}
	if (!error)
		error = give(&answer, take, context);
	free(answer.bytes);
	return error;
}

int km_netlink_dump(struct mnl_socket *socket, int type, const void *header, size_t header_size, mnl_cb_t take,
		    void *context)
{
	return ask(socket, type, NLM_F_DUMP, header, header_size, take, context);
}

int km_netlink_get(struct mnl_socket *socket, int type, const void *header, size_t header_size, mnl_cb_t take,
		   void *context)
{
	return ask(socket, type, NLM_F_ACK, header, header_size, take, context);
}
