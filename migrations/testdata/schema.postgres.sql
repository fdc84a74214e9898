column account_keys.digest bytea NOT NULL
column account_keys.id text NOT NULL
column account_keys.tenant_id text NOT NULL
column account_keys.org_id text NOT NULL
column account_keys.created_by text NOT NULL
column account_keys.created_at bigint NOT NULL
column account_keys.revoked_at bigint
constraint account_keys UNIQUE (id)
constraint account_keys FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint account_keys PRIMARY KEY (digest)
CREATE UNIQUE INDEX account_keys_id_key ON public.account_keys USING btree (id)
CREATE INDEX account_keys_org ON public.account_keys USING btree (org_id)
CREATE UNIQUE INDEX account_keys_pkey ON public.account_keys USING btree (digest)
column agent_assertions.mac bytea NOT NULL
column agent_assertions.ends_at bigint NOT NULL
constraint agent_assertions PRIMARY KEY (mac)
CREATE INDEX agent_assertions_end ON public.agent_assertions USING btree (ends_at)
CREATE UNIQUE INDEX agent_assertions_pkey ON public.agent_assertions USING btree (mac)
column agent_assets.id text NOT NULL
column agent_assets.tenant_id text NOT NULL
column agent_assets.org_id text NOT NULL
column agent_assets.name text NOT NULL
column agent_assets.type_id text NOT NULL
column agent_assets.description text NOT NULL
column agent_assets.created_at bigint NOT NULL
constraint agent_assets FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint agent_assets PRIMARY KEY (id)
CREATE INDEX agent_assets_org ON public.agent_assets USING btree (org_id, id)
CREATE UNIQUE INDEX agent_assets_pkey ON public.agent_assets USING btree (id)
column agent_events.id text NOT NULL
column agent_events.device_id text NOT NULL
column agent_events.entity_id text NOT NULL
column agent_events.at bigint NOT NULL
column agent_events.source_type text NOT NULL
column agent_events.source_id text NOT NULL
column agent_events.source text NOT NULL
column agent_events.severity integer NOT NULL
column agent_events.description text NOT NULL
column agent_events.document text NOT NULL
column agent_events.created_at bigint NOT NULL
constraint agent_events FOREIGN KEY (device_id) REFERENCES devices(id) ON DELETE CASCADE
constraint agent_events PRIMARY KEY (id)
CREATE INDEX agent_events_device ON public.agent_events USING btree (device_id, at, id)
CREATE UNIQUE INDEX agent_events_pkey ON public.agent_events USING btree (id)
column agent_file_parts.agent_id text NOT NULL
column agent_file_parts.path text NOT NULL
column agent_file_parts.part integer NOT NULL
column agent_file_parts.digest text NOT NULL
column agent_file_parts.size bigint NOT NULL
column agent_file_parts.created_at bigint NOT NULL
constraint agent_file_parts FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE
constraint agent_file_parts PRIMARY KEY (agent_id, path, part)
CREATE INDEX agent_file_parts_age ON public.agent_file_parts USING btree (created_at)
CREATE INDEX agent_file_parts_digest ON public.agent_file_parts USING btree (digest)
CREATE UNIQUE INDEX agent_file_parts_pkey ON public.agent_file_parts USING btree (agent_id, path, part)
column agent_files.agent_id text NOT NULL
column agent_files.path text NOT NULL
column agent_files.etag bigint NOT NULL
column agent_files.digest text NOT NULL
column agent_files.size bigint NOT NULL
column agent_files.type text NOT NULL
column agent_files.description text NOT NULL
column agent_files.given_at bigint
column agent_files.changed_at bigint NOT NULL
constraint agent_files FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE
constraint agent_files PRIMARY KEY (agent_id, path)
CREATE INDEX agent_files_digest ON public.agent_files USING btree (digest)
CREATE UNIQUE INDEX agent_files_pkey ON public.agent_files USING btree (agent_id, path)
column agent_mappings.id text NOT NULL
column agent_mappings.agent_id text NOT NULL
column agent_mappings.point_id text NOT NULL
column agent_mappings.entity_id text NOT NULL
column agent_mappings.property_set text NOT NULL
column agent_mappings.property text NOT NULL
column agent_mappings.keep boolean NOT NULL
column agent_mappings.created_at bigint NOT NULL
constraint agent_mappings FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE
constraint agent_mappings PRIMARY KEY (id)
CREATE UNIQUE INDEX agent_mappings_pkey ON public.agent_mappings USING btree (id)
CREATE UNIQUE INDEX agent_mappings_point ON public.agent_mappings USING btree (agent_id, point_id, entity_id, property_set, property)
column agent_points.agent_id text NOT NULL
column agent_points.point_id text NOT NULL
column agent_points.source text NOT NULL
column agent_points.name text NOT NULL
column agent_points.unit text NOT NULL
column agent_points.type text NOT NULL
column agent_points.channel_id text NOT NULL
column agent_points.field integer NOT NULL
column agent_points.live boolean NOT NULL
constraint agent_points FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE
constraint agent_points PRIMARY KEY (agent_id, point_id)
CREATE UNIQUE INDEX agent_points_pkey ON public.agent_points USING btree (agent_id, point_id)
column agent_sources.agent_id text NOT NULL
column agent_sources.etag bigint NOT NULL
column agent_sources.document text NOT NULL
column agent_sources.changed_at bigint NOT NULL
constraint agent_sources FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE
constraint agent_sources PRIMARY KEY (agent_id)
CREATE UNIQUE INDEX agent_sources_pkey ON public.agent_sources USING btree (agent_id)
column agent_terms.tenant_id text NOT NULL
column agent_terms.size text NOT NULL
column agent_terms.alg text NOT NULL
column agent_terms.token_seconds bigint NOT NULL
column agent_terms.replays boolean NOT NULL
column agent_terms.changed_at bigint NOT NULL
constraint agent_terms PRIMARY KEY (tenant_id)
CREATE UNIQUE INDEX agent_terms_pkey ON public.agent_terms USING btree (tenant_id)
column agents.id text NOT NULL
column agents.device_id text NOT NULL
column agents.tenant_id text NOT NULL
column agents.ten text NOT NULL
column agents.profile text NOT NULL
column agents.network text NOT NULL
column agents.epoch bigint NOT NULL
column agents.onboarded_at bigint
column agents.iat_sealed bytea
column agents.iat_mac bytea
column agents.iat_expires_at bigint
column agents.fetched_at bigint
column agents.generation bigint NOT NULL
column agents.rat_mac bytea
column agents.secret_sealed bytea
column agents.public_key bytea
column agents.expires_at bigint
column agents.proved_at bigint
column agents.old_generation bigint NOT NULL
column agents.old_rat_mac bytea
column agents.old_secret bytea
column agents.old_public_key bytea
column agents.old_expires_at bigint
constraint agents FOREIGN KEY (device_id) REFERENCES devices(id)
constraint agents UNIQUE (device_id)
constraint agents PRIMARY KEY (id)
CREATE UNIQUE INDEX agents_device_id_key ON public.agents USING btree (device_id)
CREATE UNIQUE INDEX agents_pkey ON public.agents USING btree (id)
CREATE INDEX agents_tenant ON public.agents USING btree (tenant_id, id)
column api_tokens.token_hash bytea NOT NULL
column api_tokens.id text NOT NULL
column api_tokens.tenant_id text NOT NULL
column api_tokens.subject_type text NOT NULL
column api_tokens.subject_id text NOT NULL
column api_tokens.label text NOT NULL
column api_tokens.hint text NOT NULL
column api_tokens.cut_role text NOT NULL
column api_tokens.cut_org_id text
column api_tokens.assurance integer NOT NULL
column api_tokens.not_before bigint NOT NULL
column api_tokens.not_after bigint NOT NULL
column api_tokens.created_by text NOT NULL
column api_tokens.created_at bigint NOT NULL
column api_tokens.used_at bigint
column api_tokens.revoked_at bigint
column api_tokens.revoked_by text
constraint api_tokens FOREIGN KEY (cut_org_id) REFERENCES orgs(id)
constraint api_tokens UNIQUE (id)
constraint api_tokens PRIMARY KEY (token_hash)
CREATE UNIQUE INDEX api_tokens_id_key ON public.api_tokens USING btree (id)
CREATE UNIQUE INDEX api_tokens_pkey ON public.api_tokens USING btree (token_hash)
CREATE INDEX api_tokens_subject ON public.api_tokens USING btree (subject_id, id)
column assignments.id text NOT NULL
column assignments.tenant_id text NOT NULL
column assignments.subject_type text NOT NULL
column assignments.subject_id text NOT NULL
column assignments.role text NOT NULL
column assignments.org_id text NOT NULL
column assignments.reach text NOT NULL
column assignments.valid_from bigint
column assignments.valid_to bigint
column assignments.status text NOT NULL
column assignments.source text NOT NULL
column assignments.granted_by text NOT NULL
column assignments.reason text NOT NULL
column assignments.created_at bigint NOT NULL
column assignments.ended_at bigint
column assignments.device_id text
column assignments.delegated_from text
column assignments.ended_by text
column assignments.end_reason text
constraint assignments FOREIGN KEY (delegated_from) REFERENCES assignments(id)
constraint assignments FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint assignments PRIMARY KEY (id)
CREATE INDEX assignments_custom ON public.assignments USING btree (tenant_id, role) WHERE (role ~~ 'custom:%'::text)
CREATE INDEX assignments_device ON public.assignments USING btree (device_id) WHERE (device_id IS NOT NULL)
CREATE INDEX assignments_expiry ON public.assignments USING btree (valid_to) WHERE ((valid_to IS NOT NULL) AND (ended_at IS NULL))
CREATE INDEX assignments_lent ON public.assignments USING btree (delegated_from) WHERE (delegated_from IS NOT NULL)
CREATE INDEX assignments_offered ON public.assignments USING btree (subject_id) WHERE (status = 'offered'::text)
CREATE INDEX assignments_org ON public.assignments USING btree (org_id)
CREATE UNIQUE INDEX assignments_pkey ON public.assignments USING btree (id)
CREATE INDEX assignments_subject ON public.assignments USING btree (subject_id)
column audit.tenant_id text NOT NULL
column audit.seq bigint NOT NULL
column audit.at bigint NOT NULL
column audit.actor_type text NOT NULL
column audit.actor_id text NOT NULL
column audit.actor_name text NOT NULL
column audit.door text NOT NULL
column audit.request_id text NOT NULL
column audit.verb text NOT NULL
column audit.object_type text NOT NULL
column audit.object_id text NOT NULL
column audit.org_id text NOT NULL
column audit.outcome text NOT NULL
column audit.detail text NOT NULL
column audit.count bigint NOT NULL
column audit.mac bytea NOT NULL
constraint audit PRIMARY KEY (tenant_id, seq)
CREATE INDEX audit_actor ON public.audit USING btree (tenant_id, actor_id, seq)
CREATE INDEX audit_object ON public.audit USING btree (tenant_id, object_id, seq)
CREATE INDEX audit_org ON public.audit USING btree (tenant_id, org_id, seq)
CREATE UNIQUE INDEX audit_pkey ON public.audit USING btree (tenant_id, seq)
CREATE INDEX audit_verb ON public.audit USING btree (tenant_id, verb, seq)
column audit_checks.tenant_id text NOT NULL
column audit_checks.state text NOT NULL
column audit_checks.asked_by text NOT NULL
column audit_checks.asked_at bigint NOT NULL
column audit_checks.ended_at bigint
column audit_checks.lines bigint NOT NULL
column audit_checks.bad_seq bigint NOT NULL
column audit_checks.last_seq bigint NOT NULL
column audit_checks.what text NOT NULL
constraint audit_checks PRIMARY KEY (tenant_id)
CREATE UNIQUE INDEX audit_checks_pkey ON public.audit_checks USING btree (tenant_id)
column audit_exports.id text NOT NULL
column audit_exports.tenant_id text NOT NULL
column audit_exports.org_id text NOT NULL
column audit_exports.format text NOT NULL
column audit_exports.filter text NOT NULL
column audit_exports.state text NOT NULL
column audit_exports.at_seq bigint NOT NULL
column audit_exports.last_seq bigint NOT NULL
column audit_exports.lines bigint NOT NULL
column audit_exports.bytes bigint NOT NULL
column audit_exports.signature text NOT NULL
column audit_exports.asked_by text NOT NULL
column audit_exports.created_at bigint NOT NULL
column audit_exports.expires_at bigint NOT NULL
constraint audit_exports PRIMARY KEY (id)
CREATE INDEX audit_exports_expiry ON public.audit_exports USING btree (expires_at)
CREATE UNIQUE INDEX audit_exports_pkey ON public.audit_exports USING btree (id)
CREATE INDEX audit_exports_tenant ON public.audit_exports USING btree (tenant_id, id)
column audit_heads.tenant_id text NOT NULL
column audit_heads.seq bigint NOT NULL
column audit_heads.mac bytea NOT NULL
column audit_heads.seal bytea NOT NULL
constraint audit_heads PRIMARY KEY (tenant_id)
CREATE UNIQUE INDEX audit_heads_pkey ON public.audit_heads USING btree (tenant_id)
column authz_version.id integer NOT NULL
column authz_version.version bigint NOT NULL
constraint authz_version CHECK ((id = 1))
constraint authz_version PRIMARY KEY (id)
CREATE UNIQUE INDEX authz_version_pkey ON public.authz_version USING btree (id)
column bulk_errors.run_id text NOT NULL
column bulk_errors.item bigint NOT NULL
column bulk_errors.line bigint
column bulk_errors.field text NOT NULL
column bulk_errors.thing text NOT NULL
column bulk_errors.code text NOT NULL
column bulk_errors.what text NOT NULL
constraint bulk_errors PRIMARY KEY (run_id, item)
constraint bulk_errors FOREIGN KEY (run_id) REFERENCES bulk_runs(id) ON DELETE CASCADE
CREATE UNIQUE INDEX bulk_errors_pkey ON public.bulk_errors USING btree (run_id, item)
column bulk_runs.id text NOT NULL
column bulk_runs.tenant_id text NOT NULL
column bulk_runs.org_id text NOT NULL
column bulk_runs.act text NOT NULL
column bulk_runs.actor_type text NOT NULL
column bulk_runs.actor_id text NOT NULL
column bulk_runs.actor_name text NOT NULL
column bulk_runs.state text NOT NULL
column bulk_runs.total bigint NOT NULL
column bulk_runs.done bigint NOT NULL
column bulk_runs.failed bigint NOT NULL
column bulk_runs.sealed bytea
column bulk_runs.created_at bigint NOT NULL
column bulk_runs.ended_at bigint
constraint bulk_runs PRIMARY KEY (id)
CREATE INDEX bulk_runs_actor ON public.bulk_runs USING btree (actor_id, id)
CREATE INDEX bulk_runs_ended ON public.bulk_runs USING btree (ended_at) WHERE (ended_at IS NOT NULL)
CREATE UNIQUE INDEX bulk_runs_pkey ON public.bulk_runs USING btree (id)
column channel_keys.digest bytea NOT NULL
column channel_keys.id text NOT NULL
column channel_keys.channel_id bigint NOT NULL
column channel_keys.tenant_id text NOT NULL
column channel_keys.kind text NOT NULL
column channel_keys.sealed bytea NOT NULL
column channel_keys.label text NOT NULL
column channel_keys.user_id text
column channel_keys.created_at bigint NOT NULL
column channel_keys.used_at bigint
column channel_keys.revoked_at bigint
column channel_keys.ends_at bigint
column channel_keys.until_used boolean NOT NULL DEFAULT false
column channel_keys.named boolean NOT NULL DEFAULT false
constraint channel_keys FOREIGN KEY (channel_id) REFERENCES channels(id) ON DELETE CASCADE
constraint channel_keys PRIMARY KEY (digest)
CREATE INDEX channel_keys_channel ON public.channel_keys USING btree (channel_id)
CREATE INDEX channel_keys_ending ON public.channel_keys USING btree (ends_at) WHERE ((ends_at IS NOT NULL) AND (revoked_at IS NULL))
CREATE UNIQUE INDEX channel_keys_pkey ON public.channel_keys USING btree (digest)
CREATE INDEX channel_keys_user ON public.channel_keys USING btree (user_id) WHERE (user_id IS NOT NULL)
column channels.id bigint NOT NULL IDENTITY
column channels.tenant_id text NOT NULL
column channels.org_id text NOT NULL
column channels.source text NOT NULL
column channels.op text NOT NULL
column channels.name text NOT NULL
column channels.description text
column channels.fields text NOT NULL
column channels.public boolean NOT NULL
column channels.url text
column channels.tags text
column channels.metadata text
column channels.latitude text
column channels.longitude text
column channels.elevation text
column channels.min_gap bigint NOT NULL
column channels.last_entry_id bigint NOT NULL DEFAULT 0
column channels.last_entry_at bigint
column channels.created_at bigint NOT NULL
column channels.updated_at bigint NOT NULL
constraint channels UNIQUE (op)
constraint channels PRIMARY KEY (id)
CREATE UNIQUE INDEX channels_op_key ON public.channels USING btree (op)
CREATE INDEX channels_org ON public.channels USING btree (org_id, id) WHERE (source = 'account'::text)
CREATE UNIQUE INDEX channels_pkey ON public.channels USING btree (id)
CREATE INDEX channels_place ON public.channels USING btree (org_id, id)
CREATE INDEX channels_public ON public.channels USING btree (id) WHERE public
column connector_calls.connector_id text NOT NULL
column connector_calls.id text NOT NULL
column connector_calls.at bigint NOT NULL
column connector_calls.what text NOT NULL
column connector_calls.outcome text NOT NULL
column connector_calls.took bigint NOT NULL
constraint connector_calls FOREIGN KEY (connector_id) REFERENCES connectors(id) ON DELETE CASCADE
constraint connector_calls PRIMARY KEY (connector_id, id)
CREATE UNIQUE INDEX connector_calls_pkey ON public.connector_calls USING btree (connector_id, id)
column connectors.id text NOT NULL
column connectors.tenant_id text NOT NULL
column connectors.org_id text NOT NULL
column connectors.provider text NOT NULL
column connectors.name text NOT NULL
column connectors.state text NOT NULL
column connectors.created_at bigint NOT NULL
column connectors.settings text NOT NULL DEFAULT '{}'::text
column connectors.secrets_sealed bytea
column connectors.fails bigint NOT NULL DEFAULT 0
column connectors.retry_at bigint NOT NULL DEFAULT 0
column connectors.trouble text NOT NULL DEFAULT ''::text
column connectors.trouble_at bigint
column connectors.listed_at bigint
column connectors.listed bigint
column connectors.lease_until bigint NOT NULL DEFAULT 0
column connectors.turned_at bigint
constraint connectors FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint connectors PRIMARY KEY (id)
CREATE INDEX connectors_org ON public.connectors USING btree (org_id)
CREATE INDEX connectors_outside ON public.connectors USING btree (id) WHERE (secrets_sealed IS NOT NULL)
CREATE UNIQUE INDEX connectors_pkey ON public.connectors USING btree (id)
CREATE INDEX connectors_troubled ON public.connectors USING btree (id) WHERE (trouble <> ''::text)
column custom_roles.id text NOT NULL
column custom_roles.tenant_id text NOT NULL
column custom_roles.name text NOT NULL
column custom_roles.sets text NOT NULL
column custom_roles.created_by text NOT NULL
column custom_roles.created_at bigint NOT NULL
column custom_roles.ended_at bigint
constraint custom_roles PRIMARY KEY (id)
constraint custom_roles FOREIGN KEY (tenant_id) REFERENCES orgs(id)
CREATE UNIQUE INDEX custom_roles_name ON public.custom_roles USING btree (tenant_id, name) WHERE (ended_at IS NULL)
CREATE UNIQUE INDEX custom_roles_pkey ON public.custom_roles USING btree (id)
column device_channels.device_id text NOT NULL
column device_channels.channel_id text NOT NULL
column device_channels.connector_id text NOT NULL
constraint device_channels FOREIGN KEY (connector_id) REFERENCES connectors(id)
constraint device_channels FOREIGN KEY (device_id) REFERENCES devices(id) ON DELETE CASCADE
constraint device_channels PRIMARY KEY (device_id, channel_id)
CREATE INDEX device_channels_channel ON public.device_channels USING btree (channel_id)
CREATE UNIQUE INDEX device_channels_pkey ON public.device_channels USING btree (device_id, channel_id)
column device_watch.device_id text NOT NULL
column device_watch.tenant_id text NOT NULL
column device_watch.due_at bigint NOT NULL
column device_watch.silent_since bigint
constraint device_watch FOREIGN KEY (device_id) REFERENCES devices(id) ON DELETE CASCADE
constraint device_watch PRIMARY KEY (device_id)
CREATE INDEX device_watch_due ON public.device_watch USING btree (due_at)
CREATE UNIQUE INDEX device_watch_pkey ON public.device_watch USING btree (device_id)
CREATE INDEX device_watch_tenant ON public.device_watch USING btree (tenant_id)
column devices.id text NOT NULL
column devices.tenant_id text NOT NULL
column devices.org_id text NOT NULL
column devices.serial text NOT NULL
column devices.name text NOT NULL
column devices.kind text NOT NULL
column devices.model text NOT NULL
column devices.firmware text NOT NULL
column devices.state text NOT NULL
column devices.door text NOT NULL
column devices.key_id text
column devices.kid text NOT NULL
column devices.secret_sealed bytea NOT NULL
column devices.waiting_kid text
column devices.waiting_sealed bytea
column devices.connector_id text NOT NULL
column devices.channel_id text NOT NULL
column devices.version bigint NOT NULL
column devices.address text NOT NULL
column devices.called_at bigint NOT NULL
column devices.boarded_at bigint NOT NULL
column devices.sealed_at bigint NOT NULL
column devices.boardings bigint NOT NULL
column devices.removed_at bigint
column devices.created_at bigint NOT NULL
constraint devices FOREIGN KEY (connector_id) REFERENCES connectors(id)
constraint devices FOREIGN KEY (key_id) REFERENCES registration_keys(id)
constraint devices UNIQUE (kid)
constraint devices FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint devices PRIMARY KEY (id)
CREATE UNIQUE INDEX devices_agent_name ON public.devices USING btree (tenant_id, name) WHERE ((door = 'agent'::text) AND (removed_at IS NULL))
CREATE INDEX devices_channel ON public.devices USING btree (channel_id)
CREATE UNIQUE INDEX devices_kid_key ON public.devices USING btree (kid)
CREATE INDEX devices_org ON public.devices USING btree (org_id, id)
CREATE UNIQUE INDEX devices_pkey ON public.devices USING btree (id)
CREATE UNIQUE INDEX devices_serial ON public.devices USING btree (tenant_id, serial) WHERE (removed_at IS NULL)
CREATE INDEX devices_simple ON public.devices USING btree (boarded_at, id) WHERE ((door = 'simple'::text) AND (removed_at IS NULL))
CREATE INDEX devices_tenant ON public.devices USING btree (tenant_id, id)
CREATE INDEX devices_tombstones ON public.devices USING btree (tenant_id, serial) WHERE (removed_at IS NOT NULL)
CREATE UNIQUE INDEX devices_waiting_kid ON public.devices USING btree (waiting_kid) WHERE (waiting_kid IS NOT NULL)
column embeds.token_mac bytea NOT NULL
column embeds.id text NOT NULL
column embeds.tenant_id text NOT NULL
column embeds.device_id text NOT NULL
column embeds.label text NOT NULL
column embeds.span text NOT NULL
column embeds.made_by text NOT NULL
column embeds.created_at bigint NOT NULL
column embeds.used_at bigint
column embeds.revoked_at bigint
constraint embeds FOREIGN KEY (device_id) REFERENCES devices(id) ON DELETE CASCADE
constraint embeds UNIQUE (id)
constraint embeds PRIMARY KEY (token_mac)
CREATE INDEX embeds_device ON public.embeds USING btree (device_id)
CREATE UNIQUE INDEX embeds_id_key ON public.embeds USING btree (id)
CREATE UNIQUE INDEX embeds_pkey ON public.embeds USING btree (token_mac)
column feed_marks.channel_id bigint NOT NULL
column feed_marks.summed bigint NOT NULL
constraint feed_marks PRIMARY KEY (channel_id)
CREATE UNIQUE INDEX feed_marks_pkey ON public.feed_marks USING btree (channel_id)
column feed_sums.channel_id bigint NOT NULL
column feed_sums.field integer NOT NULL
column feed_sums.level integer NOT NULL
column feed_sums.part bigint NOT NULL
column feed_sums.from_at bigint NOT NULL
column feed_sums.to_at bigint NOT NULL
column feed_sums.n bigint NOT NULL
column feed_sums.low double precision NOT NULL
column feed_sums.high double precision NOT NULL
column feed_sums.total double precision NOT NULL
constraint feed_sums PRIMARY KEY (channel_id, field, level, part)
CREATE UNIQUE INDEX feed_sums_pkey ON public.feed_sums USING btree (channel_id, field, level, part)
column feeds.channel_id bigint NOT NULL
column feeds.entry_id bigint NOT NULL
column feeds.created_at bigint NOT NULL
column feeds.given_time boolean NOT NULL DEFAULT false
column feeds.field1 text
column feeds.field2 text
column feeds.field3 text
column feeds.field4 text
column feeds.field5 text
column feeds.field6 text
column feeds.field7 text
column feeds.field8 text
column feeds.status text
column feeds.latitude text
column feeds.longitude text
column feeds.elevation text
constraint feeds PRIMARY KEY (channel_id, entry_id, created_at)
CREATE UNIQUE INDEX feeds_given_time ON ONLY public.feeds USING btree (channel_id, created_at) WHERE given_time
CREATE UNIQUE INDEX feeds_pkey ON ONLY public.feeds USING btree (channel_id, entry_id, created_at)
CREATE INDEX feeds_status ON ONLY public.feeds USING btree (channel_id, entry_id) WHERE (status IS NOT NULL)
CREATE INDEX feeds_time ON ONLY public.feeds USING btree (channel_id, created_at)
column feeds_rest.channel_id bigint NOT NULL
column feeds_rest.entry_id bigint NOT NULL
column feeds_rest.created_at bigint NOT NULL
column feeds_rest.given_time boolean NOT NULL DEFAULT false
column feeds_rest.field1 text
column feeds_rest.field2 text
column feeds_rest.field3 text
column feeds_rest.field4 text
column feeds_rest.field5 text
column feeds_rest.field6 text
column feeds_rest.field7 text
column feeds_rest.field8 text
column feeds_rest.status text
column feeds_rest.latitude text
column feeds_rest.longitude text
column feeds_rest.elevation text
constraint feeds_rest PRIMARY KEY (channel_id, entry_id, created_at)
CREATE INDEX feeds_rest_channel_id_created_at_idx ON public.feeds_rest USING btree (channel_id, created_at)
CREATE UNIQUE INDEX feeds_rest_channel_id_created_at_idx1 ON public.feeds_rest USING btree (channel_id, created_at) WHERE given_time
CREATE INDEX feeds_rest_channel_id_entry_id_idx ON public.feeds_rest USING btree (channel_id, entry_id) WHERE (status IS NOT NULL)
CREATE UNIQUE INDEX feeds_rest_pkey ON public.feeds_rest USING btree (channel_id, entry_id, created_at)
column idempotency.key_hash bytea NOT NULL
column idempotency.id text NOT NULL
column idempotency.request_hash bytea NOT NULL
column idempotency.request_id text NOT NULL
column idempotency.status integer NOT NULL
column idempotency.sealed bytea
column idempotency.created_at bigint NOT NULL
column idempotency.expires_at bigint NOT NULL
constraint idempotency PRIMARY KEY (key_hash)
CREATE INDEX idempotency_expiry ON public.idempotency USING btree (expires_at)
CREATE UNIQUE INDEX idempotency_pkey ON public.idempotency USING btree (key_hash)
column invitations.id text NOT NULL
column invitations.tenant_id text NOT NULL
column invitations.org_id text NOT NULL
column invitations.email text NOT NULL
column invitations.role text NOT NULL
column invitations.token_hash bytea NOT NULL
column invitations.invited_by text NOT NULL
column invitations.created_at bigint NOT NULL
column invitations.expires_at bigint NOT NULL
column invitations.accepted_at bigint
column invitations.accepted_by text
column invitations.revoked_at bigint
column invitations.mailed_at bigint
column invitations.source text NOT NULL DEFAULT 'invite'::text
column invitations.device_id text
column invitations.valid_to bigint
column invitations.reason text NOT NULL DEFAULT ''::text
column invitations.delegated_from text
column invitations.reach text NOT NULL DEFAULT 'subtree'::text
constraint invitations FOREIGN KEY (accepted_by) REFERENCES users(id)
constraint invitations FOREIGN KEY (invited_by) REFERENCES users(id)
constraint invitations FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint invitations PRIMARY KEY (id)
constraint invitations UNIQUE (token_hash)
CREATE INDEX invitations_org ON public.invitations USING btree (org_id)
CREATE UNIQUE INDEX invitations_pkey ON public.invitations USING btree (id)
CREATE UNIQUE INDEX invitations_token_hash_key ON public.invitations USING btree (token_hash)
column join_requests.tenant_id text NOT NULL
column join_requests.serial text NOT NULL
column join_requests.id text NOT NULL
column join_requests.key_id text NOT NULL
column join_requests.org_id text NOT NULL
column join_requests.device_id text
column join_requests.door text NOT NULL
column join_requests.address text NOT NULL
column join_requests.model text NOT NULL
column join_requests.state text NOT NULL
column join_requests.first_at bigint NOT NULL
column join_requests.asked_at bigint NOT NULL
column join_requests.decided_at bigint
column join_requests.decided_by text
constraint join_requests FOREIGN KEY (device_id) REFERENCES devices(id)
constraint join_requests UNIQUE (id)
constraint join_requests FOREIGN KEY (key_id) REFERENCES registration_keys(id)
constraint join_requests FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint join_requests PRIMARY KEY (tenant_id, serial)
CREATE UNIQUE INDEX join_requests_id_key ON public.join_requests USING btree (id)
CREATE INDEX join_requests_key ON public.join_requests USING btree (key_id, state)
CREATE INDEX join_requests_org ON public.join_requests USING btree (org_id, state)
CREATE UNIQUE INDEX join_requests_pkey ON public.join_requests USING btree (tenant_id, serial)
column keep_rules.org_id text NOT NULL
column keep_rules.tenant_id text NOT NULL
column keep_rules.entries_days bigint
column keep_rules.sums_days bigint
column keep_rules.changed_by text NOT NULL
column keep_rules.changed_at bigint NOT NULL
constraint keep_rules FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint keep_rules PRIMARY KEY (org_id)
CREATE UNIQUE INDEX keep_rules_pkey ON public.keep_rules USING btree (org_id)
column keep_runs.id text NOT NULL
column keep_runs.started_at bigint NOT NULL
column keep_runs.seen_at bigint NOT NULL
column keep_runs.ended_at bigint
column keep_runs.channels bigint NOT NULL
column keep_runs.done bigint NOT NULL
column keep_runs.entries bigint NOT NULL
column keep_runs.sums bigint NOT NULL
column keep_runs.error text NOT NULL
constraint keep_runs PRIMARY KEY (id)
CREATE UNIQUE INDEX keep_runs_pkey ON public.keep_runs USING btree (id)
column key_terms.org_id text NOT NULL
column key_terms.max_days integer NOT NULL
column key_terms.set_by text NOT NULL
column key_terms.set_at bigint NOT NULL
constraint key_terms FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint key_terms PRIMARY KEY (org_id)
CREATE UNIQUE INDEX key_terms_pkey ON public.key_terms USING btree (org_id)
column known_browsers.user_id text NOT NULL
column known_browsers.browser_hash bytea NOT NULL
column known_browsers.seen_at bigint NOT NULL
constraint known_browsers PRIMARY KEY (user_id, browser_hash)
constraint known_browsers FOREIGN KEY (user_id) REFERENCES users(id)
CREATE UNIQUE INDEX known_browsers_pkey ON public.known_browsers USING btree (user_id, browser_hash)
CREATE INDEX known_browsers_seen ON public.known_browsers USING btree (seen_at)
column letters.id text NOT NULL
column letters.kind text NOT NULL
column letters.state text NOT NULL
column letters.sealed bytea
column letters.created_at bigint NOT NULL
column letters.expires_at bigint NOT NULL
column letters.ended_at bigint
constraint letters PRIMARY KEY (id)
CREATE INDEX letters_end ON public.letters USING btree (expires_at)
CREATE UNIQUE INDEX letters_pkey ON public.letters USING btree (id)
column limits.name text NOT NULL
column limits.period bigint NOT NULL
column limits.n bigint NOT NULL
column limits.ends_at bigint NOT NULL
constraint limits PRIMARY KEY (name, period)
CREATE INDEX limits_end ON public.limits USING btree (ends_at)
CREATE UNIQUE INDEX limits_pkey ON public.limits USING btree (name, period)
column links.token_hash bytea NOT NULL
column links.id text NOT NULL
column links.purpose text NOT NULL
column links.user_id text
column links.email text NOT NULL
column links.mailed boolean NOT NULL
column links.made_by text NOT NULL
column links.sealed bytea
column links.created_at bigint NOT NULL
column links.expires_at bigint NOT NULL
column links.used_at bigint
constraint links UNIQUE (id)
constraint links PRIMARY KEY (token_hash)
constraint links FOREIGN KEY (user_id) REFERENCES users(id)
CREATE INDEX links_expiry ON public.links USING btree (expires_at)
CREATE UNIQUE INDEX links_id_key ON public.links USING btree (id)
CREATE UNIQUE INDEX links_pkey ON public.links USING btree (token_hash)
CREATE INDEX links_user ON public.links USING btree (user_id, purpose) WHERE (used_at IS NULL)
column listed_serials.key_id text NOT NULL
column listed_serials.serial text NOT NULL
column listed_serials.listed_at bigint NOT NULL
column listed_serials.listed_by text NOT NULL
constraint listed_serials FOREIGN KEY (key_id) REFERENCES registration_keys(id)
constraint listed_serials PRIMARY KEY (key_id, serial)
CREATE UNIQUE INDEX listed_serials_pkey ON public.listed_serials USING btree (key_id, serial)
column looks.id text NOT NULL
column looks.session_id text NOT NULL
column looks.user_id text NOT NULL
column looks.through_id text NOT NULL
column looks.org_id text NOT NULL
column looks.reason text NOT NULL
column looks.began_at bigint NOT NULL
column looks.ends_at bigint NOT NULL
column looks.ended_at bigint
constraint looks FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint looks PRIMARY KEY (id)
constraint looks FOREIGN KEY (through_id) REFERENCES users(id)
constraint looks FOREIGN KEY (user_id) REFERENCES users(id)
CREATE UNIQUE INDEX looks_pkey ON public.looks USING btree (id)
CREATE INDEX looks_session ON public.looks USING btree (session_id) WHERE (ended_at IS NULL)
column muted.user_id text NOT NULL
column muted.kind text NOT NULL
constraint muted PRIMARY KEY (user_id, kind)
constraint muted FOREIGN KEY (user_id) REFERENCES users(id)
CREATE UNIQUE INDEX muted_pkey ON public.muted USING btree (user_id, kind)
column notices.id text NOT NULL
column notices.user_id text NOT NULL
column notices.kind text NOT NULL
column notices.detail text NOT NULL
column notices.created_at bigint NOT NULL
column notices.dismissed_at bigint
constraint notices PRIMARY KEY (id)
constraint notices FOREIGN KEY (user_id) REFERENCES users(id)
CREATE UNIQUE INDEX notices_pkey ON public.notices USING btree (id)
CREATE INDEX notices_user ON public.notices USING btree (user_id, id) WHERE (dismissed_at IS NULL)
column oidc_domains.domain text NOT NULL
column oidc_domains.tenant_id text NOT NULL
constraint oidc_domains PRIMARY KEY (domain)
constraint oidc_domains FOREIGN KEY (tenant_id) REFERENCES oidc_providers(tenant_id) ON DELETE CASCADE
CREATE UNIQUE INDEX oidc_domains_pkey ON public.oidc_domains USING btree (domain)
CREATE INDEX oidc_domains_tenant ON public.oidc_domains USING btree (tenant_id)
column oidc_identities.tenant_id text NOT NULL
column oidc_identities.issuer text NOT NULL
column oidc_identities.subject text NOT NULL
column oidc_identities.user_id text NOT NULL
column oidc_identities.linked_at bigint NOT NULL
constraint oidc_identities PRIMARY KEY (tenant_id, issuer, subject)
constraint oidc_identities FOREIGN KEY (user_id) REFERENCES users(id)
CREATE UNIQUE INDEX oidc_identities_pkey ON public.oidc_identities USING btree (tenant_id, issuer, subject)
CREATE INDEX oidc_identities_user ON public.oidc_identities USING btree (user_id)
column oidc_providers.tenant_id text NOT NULL
column oidc_providers.issuer text NOT NULL
column oidc_providers.client_id text NOT NULL
column oidc_providers.secret_sealed bytea NOT NULL
column oidc_providers.role text NOT NULL
column oidc_providers.changed_by text NOT NULL
column oidc_providers.changed_at bigint NOT NULL
constraint oidc_providers PRIMARY KEY (tenant_id)
constraint oidc_providers FOREIGN KEY (tenant_id) REFERENCES orgs(id)
CREATE UNIQUE INDEX oidc_providers_pkey ON public.oidc_providers USING btree (tenant_id)
column org_closure.ancestor text NOT NULL
column org_closure.descendant text NOT NULL
column org_closure.depth integer NOT NULL
constraint org_closure FOREIGN KEY (ancestor) REFERENCES orgs(id)
constraint org_closure FOREIGN KEY (descendant) REFERENCES orgs(id)
constraint org_closure PRIMARY KEY (ancestor, descendant)
CREATE UNIQUE INDEX org_closure_pkey ON public.org_closure USING btree (ancestor, descendant)
CREATE INDEX org_closure_up ON public.org_closure USING btree (descendant, ancestor)
column orgs.id text NOT NULL
column orgs.tenant_id text NOT NULL
column orgs.parent_id text
column orgs.kind text NOT NULL
column orgs.slug text NOT NULL
column orgs.name text NOT NULL
column orgs.state text NOT NULL
column orgs.valid_from bigint
column orgs.valid_to bigint
column orgs.created_at bigint NOT NULL
column orgs.private boolean NOT NULL DEFAULT false
column orgs.member_role text NOT NULL DEFAULT 'member'::text
column orgs.min_credential text NOT NULL DEFAULT 'any'::text
column orgs.version bigint NOT NULL DEFAULT 1
column orgs.external_id text
column orgs.rotate_read_keys text NOT NULL DEFAULT 'exposed'::text
constraint orgs FOREIGN KEY (parent_id) REFERENCES orgs(id)
constraint orgs PRIMARY KEY (id)
CREATE INDEX orgs_external ON public.orgs USING btree (external_id) WHERE (external_id IS NOT NULL)
CREATE INDEX orgs_limited ON public.orgs USING btree (id) WHERE ((state <> 'active'::text) OR (valid_from IS NOT NULL) OR (valid_to IS NOT NULL) OR private OR (min_credential <> 'any'::text))
CREATE INDEX orgs_parent ON public.orgs USING btree (parent_id)
CREATE UNIQUE INDEX orgs_pkey ON public.orgs USING btree (id)
CREATE UNIQUE INDEX orgs_slug ON public.orgs USING btree (tenant_id, slug)
CREATE INDEX orgs_tenant_name ON public.orgs USING btree (lower(name) COLLATE "C", id) WHERE (kind = 'tenant'::text)
CREATE UNIQUE INDEX orgs_tenant_slug ON public.orgs USING btree (slug) WHERE (kind = 'tenant'::text)
column passkeys.id text NOT NULL
column passkeys.user_id text NOT NULL
column passkeys.credential_id bytea NOT NULL
column passkeys.public_key bytea NOT NULL
column passkeys.flags integer NOT NULL
column passkeys.sign_count bigint NOT NULL
column passkeys.aaguid bytea NOT NULL
column passkeys.transports text NOT NULL
column passkeys.name text NOT NULL
column passkeys.created_at bigint NOT NULL
column passkeys.used_at bigint
column passkeys.copied_at bigint
constraint passkeys UNIQUE (credential_id)
constraint passkeys PRIMARY KEY (id)
constraint passkeys FOREIGN KEY (user_id) REFERENCES users(id)
CREATE UNIQUE INDEX passkeys_credential_id_key ON public.passkeys USING btree (credential_id)
CREATE UNIQUE INDEX passkeys_pkey ON public.passkeys USING btree (id)
CREATE INDEX passkeys_user ON public.passkeys USING btree (user_id)
column policies.role text NOT NULL
column policies.object text NOT NULL
column policies.act text NOT NULL
column policies.effect text NOT NULL
column policies.added_by text NOT NULL
column policies.added_at bigint NOT NULL
constraint policies PRIMARY KEY (role, object, act)
CREATE UNIQUE INDEX policies_pkey ON public.policies USING btree (role, object, act)
column projections.id text NOT NULL
column projections.op text NOT NULL
column projections.connector_id text NOT NULL
column projections.tenant_id text NOT NULL
column projections.org_id text NOT NULL
column projections.state text NOT NULL
column projections.name text NOT NULL
column projections.fields text NOT NULL
column projections.public boolean NOT NULL
column projections.pending text NOT NULL
column projections.tries bigint NOT NULL
column projections.due_at bigint NOT NULL
column projections.asked_at bigint
column projections.external_id text
column projections.seen text NOT NULL
column projections.write_key_sealed bytea
column projections.read_key_sealed bytea
column projections.key_version bigint NOT NULL
column projections.key_changed_at bigint
column projections.synced_at bigint
column projections.error text NOT NULL
column projections.error_at bigint
column projections.created_at bigint NOT NULL
column projections.read_at bigint
column projections.read_tried_at bigint
column projections.read_due_at bigint NOT NULL DEFAULT 0
column projections.read_upto bigint NOT NULL DEFAULT 0
column projections.read_newest bigint NOT NULL DEFAULT 0
column projections.read_error text NOT NULL DEFAULT ''::text
constraint projections FOREIGN KEY (connector_id) REFERENCES connectors(id)
constraint projections UNIQUE (op)
constraint projections PRIMARY KEY (id)
CREATE INDEX projections_connector ON public.projections USING btree (connector_id, state)
CREATE INDEX projections_due ON public.projections USING btree (connector_id, due_at) WHERE (pending <> ''::text)
CREATE UNIQUE INDEX projections_external ON public.projections USING btree (connector_id, external_id) WHERE (external_id IS NOT NULL)
CREATE UNIQUE INDEX projections_op_key ON public.projections USING btree (op)
CREATE UNIQUE INDEX projections_pkey ON public.projections USING btree (id)
CREATE INDEX projections_read ON public.projections USING btree (read_due_at) WHERE (state = ANY (ARRAY['ready'::text, 'held'::text]))
CREATE INDEX projections_stuck ON public.projections USING btree (id) WHERE ((pending <> ''::text) AND (error <> ''::text))
column recovery_codes.user_id text NOT NULL
column recovery_codes.code_hash bytea NOT NULL
column recovery_codes.created_at bigint NOT NULL
column recovery_codes.used_at bigint
constraint recovery_codes PRIMARY KEY (user_id, code_hash)
constraint recovery_codes FOREIGN KEY (user_id) REFERENCES users(id)
CREATE UNIQUE INDEX recovery_codes_pkey ON public.recovery_codes USING btree (user_id, code_hash)
column registration_keys.id text NOT NULL
column registration_keys.tenant_id text NOT NULL
column registration_keys.org_id text NOT NULL
column registration_keys.label text NOT NULL
column registration_keys.form text NOT NULL
column registration_keys.first_mac bytea NOT NULL
column registration_keys.first_sealed bytea NOT NULL
column registration_keys.second_sealed bytea NOT NULL
column registration_keys.p2s bytea
column registration_keys.p2c bigint NOT NULL DEFAULT 0
column registration_keys.device_kind text NOT NULL
column registration_keys.boarding text NOT NULL
column registration_keys.reboarding text NOT NULL
column registration_keys.simple_door boolean NOT NULL
column registration_keys.not_before bigint
column registration_keys.expires_at bigint
column registration_keys.max_uses bigint
column registration_keys.uses bigint NOT NULL DEFAULT 0
column registration_keys.state text NOT NULL
column registration_keys.retires_at bigint
column registration_keys.replaces_id text
column registration_keys.created_by text NOT NULL
column registration_keys.created_at bigint NOT NULL
constraint registration_keys UNIQUE (first_mac)
constraint registration_keys FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint registration_keys PRIMARY KEY (id)
constraint registration_keys FOREIGN KEY (replaces_id) REFERENCES registration_keys(id)
CREATE UNIQUE INDEX registration_keys_first_mac_key ON public.registration_keys USING btree (first_mac)
CREATE INDEX registration_keys_org ON public.registration_keys USING btree (org_id)
CREATE UNIQUE INDEX registration_keys_pkey ON public.registration_keys USING btree (id)
CREATE INDEX registration_keys_replaces ON public.registration_keys USING btree (replaces_id)
column review_items.id text NOT NULL
column review_items.review_id text NOT NULL
column review_items.org_id text NOT NULL
column review_items.what text NOT NULL
column review_items.ref text NOT NULL
column review_items.subject_type text NOT NULL
column review_items.subject_id text NOT NULL
column review_items.subject_name text NOT NULL
column review_items.role text NOT NULL
column review_items.source text NOT NULL
column review_items.target text NOT NULL
column review_items.since bigint NOT NULL
column review_items.until bigint
column review_items.used_at bigint
column review_items.decision text NOT NULL
column review_items.reason text NOT NULL
column review_items.decided_by text NOT NULL
column review_items.decided_at bigint
column review_items.failure text NOT NULL
constraint review_items FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint review_items PRIMARY KEY (id)
constraint review_items FOREIGN KEY (review_id) REFERENCES reviews(id)
CREATE INDEX review_items_org ON public.review_items USING btree (org_id) WHERE (decision = ''::text)
CREATE UNIQUE INDEX review_items_pkey ON public.review_items USING btree (id)
CREATE UNIQUE INDEX review_items_ref ON public.review_items USING btree (review_id, what, ref)
column reviews.id text NOT NULL
column reviews.tenant_id text NOT NULL
column reviews.org_id text NOT NULL
column reviews.kind text NOT NULL
column reviews.name text NOT NULL
column reviews.roles text NOT NULL
column reviews.undecided text NOT NULL
column reviews.made_by text NOT NULL
column reviews.made_at bigint NOT NULL
column reviews.due_at bigint
column reviews.reminded_at bigint
column reviews.closed_at bigint
constraint reviews FOREIGN KEY (made_by) REFERENCES users(id)
constraint reviews FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint reviews PRIMARY KEY (id)
CREATE INDEX reviews_due ON public.reviews USING btree (due_at) WHERE ((closed_at IS NULL) AND (due_at IS NOT NULL))
CREATE INDEX reviews_org ON public.reviews USING btree (org_id, id)
CREATE UNIQUE INDEX reviews_pkey ON public.reviews USING btree (id)
CREATE INDEX reviews_tenant ON public.reviews USING btree (tenant_id, id)
column service_accounts.id text NOT NULL
column service_accounts.tenant_id text NOT NULL
column service_accounts.org_id text NOT NULL
column service_accounts.name text NOT NULL
column service_accounts.owner_id text NOT NULL
column service_accounts.made_by text NOT NULL
column service_accounts.version bigint NOT NULL
column service_accounts.created_at bigint NOT NULL
column service_accounts.ended_at bigint
column service_accounts.ended_by text
constraint service_accounts FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint service_accounts FOREIGN KEY (owner_id) REFERENCES users(id)
constraint service_accounts PRIMARY KEY (id)
CREATE INDEX service_accounts_org ON public.service_accounts USING btree (org_id, id)
CREATE INDEX service_accounts_owner ON public.service_accounts USING btree (owner_id)
CREATE UNIQUE INDEX service_accounts_pkey ON public.service_accounts USING btree (id)
column sessions.token_hash bytea NOT NULL
column sessions.user_id text NOT NULL
column sessions.created_at bigint NOT NULL
column sessions.seen_at bigint NOT NULL
column sessions.expires_at bigint NOT NULL
column sessions.verified_at bigint NOT NULL
column sessions.address text NOT NULL
column sessions.agent text NOT NULL
column sessions.id text NOT NULL DEFAULT ''::text
column sessions.method text NOT NULL DEFAULT 'password'::text
constraint sessions PRIMARY KEY (token_hash)
constraint sessions FOREIGN KEY (user_id) REFERENCES users(id)
CREATE INDEX sessions_expiry ON public.sessions USING btree (expires_at)
CREATE UNIQUE INDEX sessions_id ON public.sessions USING btree (id)
CREATE UNIQUE INDEX sessions_pkey ON public.sessions USING btree (token_hash)
CREATE INDEX sessions_user ON public.sessions USING btree (user_id)
column settings.name text NOT NULL
column settings.value text NOT NULL
column settings.changed_at bigint NOT NULL
constraint settings PRIMARY KEY (name)
CREATE UNIQUE INDEX settings_pkey ON public.settings USING btree (name)
column signing_keys.kid text NOT NULL
column signing_keys.tenant_id text NOT NULL
column signing_keys.alg text NOT NULL
column signing_keys.public_key bytea NOT NULL
column signing_keys.private_sealed bytea NOT NULL
column signing_keys.created_at bigint NOT NULL
column signing_keys.retired_at bigint
constraint signing_keys PRIMARY KEY (kid)
CREATE UNIQUE INDEX signing_keys_current ON public.signing_keys USING btree (tenant_id) WHERE (retired_at IS NULL)
CREATE UNIQUE INDEX signing_keys_pkey ON public.signing_keys USING btree (kid)
CREATE INDEX signing_keys_tenant ON public.signing_keys USING btree (tenant_id)
column silence_wishes.user_id text NOT NULL
column silence_wishes.created_at bigint NOT NULL
constraint silence_wishes PRIMARY KEY (user_id)
constraint silence_wishes FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
CREATE UNIQUE INDEX silence_wishes_pkey ON public.silence_wishes USING btree (user_id)
column spent_tickets.hash bytea NOT NULL
column spent_tickets.ends_at bigint NOT NULL
constraint spent_tickets PRIMARY KEY (hash)
CREATE INDEX spent_tickets_end ON public.spent_tickets USING btree (ends_at)
CREATE UNIQUE INDEX spent_tickets_pkey ON public.spent_tickets USING btree (hash)
column tenant_keys.tenant_id text NOT NULL
column tenant_keys.key_sealed bytea NOT NULL
column tenant_keys.created_at bigint NOT NULL
constraint tenant_keys PRIMARY KEY (tenant_id)
CREATE UNIQUE INDEX tenant_keys_pkey ON public.tenant_keys USING btree (tenant_id)
column totp.user_id text NOT NULL
column totp.tenant_id text NOT NULL
column totp.secret_sealed bytea NOT NULL
column totp.last_step bigint NOT NULL
column totp.created_at bigint NOT NULL
constraint totp PRIMARY KEY (user_id)
constraint totp FOREIGN KEY (user_id) REFERENCES users(id)
CREATE UNIQUE INDEX totp_pkey ON public.totp USING btree (user_id)
column transfers.id text NOT NULL
column transfers.device_id text NOT NULL
column transfers.tenant_id text NOT NULL
column transfers.org_id text NOT NULL
column transfers.to_tenant_id text NOT NULL
column transfers.state text NOT NULL
column transfers.reason text NOT NULL
column transfers.offered_by text NOT NULL
column transfers.offered_at bigint NOT NULL
column transfers.expires_at bigint NOT NULL
column transfers.decided_by text
column transfers.decided_at bigint
column transfers.became_id text
constraint transfers FOREIGN KEY (became_id) REFERENCES devices(id)
constraint transfers FOREIGN KEY (device_id) REFERENCES devices(id)
constraint transfers FOREIGN KEY (offered_by) REFERENCES users(id)
constraint transfers FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint transfers PRIMARY KEY (id)
constraint transfers FOREIGN KEY (to_tenant_id) REFERENCES orgs(id)
CREATE INDEX transfers_from ON public.transfers USING btree (tenant_id, id)
CREATE UNIQUE INDEX transfers_open ON public.transfers USING btree (device_id) WHERE (state = 'offered'::text)
CREATE UNIQUE INDEX transfers_pkey ON public.transfers USING btree (id)
CREATE INDEX transfers_to ON public.transfers USING btree (to_tenant_id, id)
column users.id text NOT NULL
column users.email text NOT NULL
column users.name text NOT NULL
column users.password_hash text NOT NULL
column users.home_org_id text NOT NULL
column users.state text NOT NULL
column users.created_at bigint NOT NULL
column users.password_short integer NOT NULL DEFAULT 0
column users.email_confirmed_at bigint
column users.external_id text
column users.user_name text
column users.given_name text NOT NULL DEFAULT ''::text
column users.family_name text NOT NULL DEFAULT ''::text
column users.version bigint NOT NULL DEFAULT 1
column users.changed_at bigint
column users.disabled_at bigint
column users.disabled_by text
constraint users UNIQUE (email)
constraint users FOREIGN KEY (home_org_id) REFERENCES orgs(id)
constraint users PRIMARY KEY (id)
CREATE INDEX users_address ON public.users USING btree (email COLLATE "C")
CREATE UNIQUE INDEX users_email_key ON public.users USING btree (email)
CREATE INDEX users_external ON public.users USING btree (external_id) WHERE (external_id IS NOT NULL)
CREATE INDEX users_home ON public.users USING btree (home_org_id, id)
CREATE INDEX users_name ON public.users USING btree (lower(name) COLLATE "C", id)
CREATE INDEX users_named ON public.users USING btree (user_name) WHERE (user_name IS NOT NULL)
CREATE UNIQUE INDEX users_pkey ON public.users USING btree (id)
column watch_marks.tenant_id text NOT NULL
column watch_marks.upto text NOT NULL
constraint watch_marks PRIMARY KEY (tenant_id)
CREATE UNIQUE INDEX watch_marks_pkey ON public.watch_marks USING btree (tenant_id)
column webhook_calls.id text NOT NULL
column webhook_calls.webhook_id text NOT NULL
column webhook_calls.kind text NOT NULL
column webhook_calls.body text NOT NULL
column webhook_calls.state text NOT NULL
column webhook_calls.tries bigint NOT NULL
column webhook_calls.answer text NOT NULL
column webhook_calls.created_at bigint NOT NULL
column webhook_calls.tried_at bigint
constraint webhook_calls PRIMARY KEY (id)
constraint webhook_calls FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE
CREATE INDEX webhook_calls_created ON public.webhook_calls USING btree (created_at)
CREATE INDEX webhook_calls_dead ON public.webhook_calls USING btree (webhook_id, tried_at) WHERE (state = 'failed'::text)
CREATE INDEX webhook_calls_failed ON public.webhook_calls USING btree (id) WHERE (state = 'failed'::text)
CREATE INDEX webhook_calls_hook ON public.webhook_calls USING btree (webhook_id, created_at)
CREATE UNIQUE INDEX webhook_calls_pkey ON public.webhook_calls USING btree (id)
column webhooks.id text NOT NULL
column webhooks.tenant_id text NOT NULL
column webhooks.org_id text NOT NULL
column webhooks.host text NOT NULL
column webhooks.sealed bytea NOT NULL
column webhooks.made_by text NOT NULL
column webhooks.created_at bigint NOT NULL
column webhooks.removed_at bigint
constraint webhooks FOREIGN KEY (org_id) REFERENCES orgs(id)
constraint webhooks PRIMARY KEY (id)
CREATE INDEX webhooks_org ON public.webhooks USING btree (org_id) WHERE (removed_at IS NULL)
CREATE UNIQUE INDEX webhooks_pkey ON public.webhooks USING btree (id)
