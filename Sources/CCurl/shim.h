#ifndef YEARBOOK_CCURL_SHIM_H
#define YEARBOOK_CCURL_SHIM_H

#include <curl/curl.h>
#include <sys/socket.h>

// curl_easy_setopt and curl_easy_getinfo are variadic, and Swift does not import variadic
// functions. So there is one function per type of argument.
static inline CURLcode yb_curl_set_number(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode yb_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode yb_curl_set_text(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode yb_curl_set_pointer(CURL *handle, CURLoption option, const void *value) {
  return curl_easy_setopt(handle, option, value);
}

typedef size_t (*yb_curl_data)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode yb_curl_set_data(CURL *handle, CURLoption option, yb_curl_data function) {
  return curl_easy_setopt(handle, option, function);
}

typedef int (*yb_curl_progress)(
    void *context, curl_off_t download, curl_off_t downloaded, curl_off_t upload,
    curl_off_t uploaded);
static inline CURLcode yb_curl_set_progress(CURL *handle, yb_curl_progress function) {
  return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, function);
}

typedef int (*yb_curl_debug)(
    CURL *handle, curl_infotype kind, char *bytes, size_t count, void *context);
static inline CURLcode yb_curl_set_debug(CURL *handle, yb_curl_debug function) {
  return curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, function);
}

typedef curl_socket_t (*yb_curl_open)(
    void *context, curlsocktype purpose, struct curl_sockaddr *address);
static inline CURLcode yb_curl_set_open(CURL *handle, yb_curl_open function) {
  return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, function);
}

// The address is longer than the member that stands for it, so that Swift would copy a part of it.
static inline const struct sockaddr *yb_curl_address(const struct curl_sockaddr *address) {
  return &address->addr;
}

static inline long yb_curl_status(CURL *handle) {
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

// How many bytes of the body were sent.
static inline curl_off_t yb_curl_uploaded(CURL *handle) {
  curl_off_t count = 0;
  curl_easy_getinfo(handle, CURLINFO_SIZE_UPLOAD_T, &count);
  return count;
}

// How many bytes of the request were sent, without its body.
static inline long yb_curl_requested(CURL *handle) {
  long count = 0;
  curl_easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &count);
  return count;
}

// How many connections were opened for the last transfer.
static inline long yb_curl_opened(CURL *handle) {
  long count = 0;
  curl_easy_getinfo(handle, CURLINFO_NUM_CONNECTS, &count);
  return count;
}

// A macro with several flags.
static inline CURLcode yb_curl_start(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

#endif
