#!/bin/sh
# A Postfix of its own for tests: postfix_server.sh FOLDER PORT
#
# Takes mails at 127.0.0.1:PORT. Mails to yearbook.example are put into FOLDER/inbox, a maildir. Those to
# dead.example, full.example, large.example and rules.example come back as what a server there would say; those to any other
# place are put into FOLDER/other. Writes FOLDER/ready, and runs until it is told to stop or whoever started it has ended.
set -eu
folder=$1 port=$2
parent=$(ps -o ppid= -p $$ | tr -d ' ')
umask 022
# Postfix's own users walk through it.
chmod 755 "$folder"
mkdir -p "$folder/etc" "$folder/queue" "$folder/data" "$folder/inbox" "$folder/other"
chown postfix "$folder/data" "$folder/inbox" "$folder/other"
cat >"$folder/etc/main.cf" <<END
compatibility_level = 3.6
queue_directory = $folder/queue
data_directory = $folder/data
maillog_file = $folder/log
maillog_file_prefixes = /tmp
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = relay.yearbook.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
smtputf8_enable = yes
smtpd_reject_unlisted_recipient = no
smtpd_peername_lookup = no
virtual_mailbox_domains = yearbook.example
virtual_mailbox_base = $folder
virtual_mailbox_maps = static:inbox/
virtual_minimum_uid = 1
virtual_uid_maps = static:$(id -u postfix)
virtual_gid_maps = static:$(id -g postfix)
transport_maps = inline:{
  { yearbook.example = virtual: }
  { dead.example = error:5.1.1 no such mailbox here }
  { xn--bcher-kva.example = error:5.1.1 no such mailbox here }
  { full.example = error:5.2.2 mailbox full }
  { large.example = error:5.3.4 message too large }
  { rules.example = error:5.7.1 refused by policy } }
default_transport = error:5.1.2 no such host
END
cat >"$folder/etc/master.cf" <<END
127.0.0.1:$port inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
END
postfix -c "$folder/etc" start >"$folder/start" 2>&1
trap 'postfix -c "$folder/etc" stop >/dev/null 2>&1 || true; exit 0' TERM INT HUP
echo "$port" >"$folder/ready.new"
mv "$folder/ready.new" "$folder/ready"
while [ "$(ps -o ppid= -p $$ | tr -d ' ')" = "$parent" ]; do sleep 0.2; done
postfix -c "$folder/etc" stop >/dev/null 2>&1 || true
