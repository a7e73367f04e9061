//! Headers, discovery, channels and sessions (OPC 10000-4, 5.4 to 5.6 and 7).

use super::super::words;
use crate::decode::opcua::shape::shapes;

shapes! {
    RESPONSE_HEADER {
        Timestamp: DateTime, RequestHandle: UInt32, ServiceResult: StatusCode, ServiceDiagnostics: DiagnosticInfo,
        StringTable: Many(&String), AdditionalHeader: ExtensionObject,
    }
    SERVICE_FAULT { ResponseHeader: Of(&RESPONSE_HEADER) }
    REQUEST_HEADER {
        AuthenticationToken: NodeId, Timestamp: DateTime, RequestHandle: UInt32,
        ReturnDiagnostics = "opcua.returndiag": UInt32, AuditEntryId: String, TimeoutHint: UInt32,
        AdditionalHeader: ExtensionObject,
    }
    FIND_SERVERS_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), EndpointUrl: String, LocaleIds: Many(&String), ServerUris: Many(&String),
    }
    APPLICATION_DESCRIPTION {
        ApplicationUri: String, ProductUri: String, ApplicationName: LocalizedText,
        ApplicationType: Word(&words::APPLICATION_TYPE), GatewayServerUri: String, DiscoveryProfileUri: String,
        DiscoveryUrls: Many(&String),
    }
    FIND_SERVERS_RESPONSE { ResponseHeader: Of(&RESPONSE_HEADER), Servers: Many(&Of(&APPLICATION_DESCRIPTION)) }
    FIND_SERVERS_ON_NETWORK_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), StartingRecordId: UInt32, MaxRecordsToReturn: UInt32,
        ServerCapabilityFilter: Many(&String),
    }
    SERVER_ON_NETWORK { RecordId: UInt32, ServerName: String, DiscoveryUrl: String, ServerCapabilities: Many(&String) }
    FIND_SERVERS_ON_NETWORK_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), LastCounterResetTime: DateTime, Servers: Many(&Of(&SERVER_ON_NETWORK)),
    }
    GET_ENDPOINTS_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), EndpointUrl: String, LocaleIds: Many(&String), ProfileUris: Many(&String),
    }
    USER_TOKEN_POLICY {
        PolicyId: String, TokenType: Word(&words::USER_TOKEN_TYPE), IssuedTokenType: String,
        IssuerEndpointUrl: String, SecurityPolicyUri: String,
    }
    ENDPOINT_DESCRIPTION {
        EndpointUrl: String, Server: Of(&APPLICATION_DESCRIPTION), ServerCertificate: ByteString,
        SecurityMode: Word(&words::MESSAGE_SECURITY_MODE), SecurityPolicyUri: String,
        UserIdentityTokens: Many(&Of(&USER_TOKEN_POLICY)), TransportProfileUri: String, SecurityLevel: Byte,
    }
    GET_ENDPOINTS_RESPONSE { ResponseHeader: Of(&RESPONSE_HEADER), Endpoints: Many(&Of(&ENDPOINT_DESCRIPTION)) }
    REGISTERED_SERVER {
        ServerUri: String, ProductUri: String, ServerNames: Many(&LocalizedText),
        ServerType: Word(&words::APPLICATION_TYPE), GatewayServerUri: String, DiscoveryUrls: Many(&String),
        SemaphoreFilePath: String, IsOnline: Boolean,
    }
    REGISTER_SERVER_REQUEST { RequestHeader: Of(&REQUEST_HEADER), Server: Of(&REGISTERED_SERVER) }
    REGISTER_SERVER_RESPONSE { ResponseHeader: Of(&RESPONSE_HEADER) }
    REGISTER_SERVER2_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), Server: Of(&REGISTERED_SERVER),
        DiscoveryConfiguration: Many(&ExtensionObject),
    }
    REGISTER_SERVER2_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), ConfigurationResults: Many(&StatusCode),
        DiagnosticInfos: Many(&DiagnosticInfo),
    }
    OPEN_SECURE_CHANNEL_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), ClientProtocolVersion: UInt32,
        RequestType: Word(&words::SECURITY_TOKEN_REQUEST_TYPE), SecurityMode: Word(&words::MESSAGE_SECURITY_MODE),
        ClientNonce: ByteString, RequestedLifetime: UInt32,
    }
    CHANNEL_SECURITY_TOKEN { ChannelId: UInt32, TokenId: UInt32, CreatedAt: DateTime, RevisedLifetime: UInt32 }
    OPEN_SECURE_CHANNEL_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), ServerProtocolVersion: UInt32,
        SecurityToken: Of(&CHANNEL_SECURITY_TOKEN), ServerNonce: ByteString,
    }
    CLOSE_SECURE_CHANNEL_REQUEST { RequestHeader: Of(&REQUEST_HEADER) }
    CLOSE_SECURE_CHANNEL_RESPONSE { ResponseHeader: Of(&RESPONSE_HEADER) }
    CREATE_SESSION_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), ClientDescription: Of(&APPLICATION_DESCRIPTION), ServerUri: String,
        EndpointUrl: String, SessionName: String, ClientNonce: ByteString, ClientCertificate: ByteString,
        RequestedSessionTimeout: Double, MaxResponseMessageSize: UInt32,
    }
    SIGNED_SOFTWARE_CERTIFICATE { CertificateData: ByteString, Signature: ByteString }
    SIGNATURE_DATA { Algorithm: String, Signature: ByteString }
    CREATE_SESSION_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), SessionId: NodeId, AuthenticationToken: NodeId,
        RevisedSessionTimeout: Double, ServerNonce: ByteString, ServerCertificate: ByteString,
        ServerEndpoints: Many(&Of(&ENDPOINT_DESCRIPTION)),
        ServerSoftwareCertificates: Many(&Of(&SIGNED_SOFTWARE_CERTIFICATE)), ServerSignature: Of(&SIGNATURE_DATA),
        MaxRequestMessageSize: UInt32,
    }
    ACTIVATE_SESSION_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), ClientSignature: Of(&SIGNATURE_DATA),
        ClientSoftwareCertificates: Many(&Of(&SIGNED_SOFTWARE_CERTIFICATE)), LocaleIds: Many(&String),
        UserIdentityToken: ExtensionObject, UserTokenSignature: Of(&SIGNATURE_DATA),
    }
    ACTIVATE_SESSION_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), ServerNonce: ByteString, Results: Many(&StatusCode),
        DiagnosticInfos: Many(&DiagnosticInfo),
    }
    CLOSE_SESSION_REQUEST { RequestHeader: Of(&REQUEST_HEADER), DeleteSubscriptions: Boolean }
    CLOSE_SESSION_RESPONSE { ResponseHeader: Of(&RESPONSE_HEADER) }
    CANCEL_REQUEST { RequestHeader: Of(&REQUEST_HEADER), RequestHandle: UInt32 }
    CANCEL_RESPONSE { ResponseHeader: Of(&RESPONSE_HEADER), CancelCount: UInt32 }
    USER_IDENTITY_TOKEN { PolicyId: String }
    ANONYMOUS_IDENTITY_TOKEN { PolicyId: String }
    USER_NAME_IDENTITY_TOKEN {
        PolicyId: String, UserName: String, Password = "iia.opcua.password_given": Secret,
        EncryptionAlgorithm: String,
    }
    X509_IDENTITY_TOKEN { PolicyId: String, CertificateData: ByteString }
    ISSUED_IDENTITY_TOKEN {
        PolicyId: String, TokenData = "iia.opcua.token_data_given": Secret, EncryptionAlgorithm: String,
    }
    MDNS_DISCOVERY_CONFIGURATION { MdnsServerName: String, ServerCapabilities: Many(&String) }
    ENDPOINT_CONFIGURATION {
        OperationTimeout: Int32, UseBinaryEncoding: Boolean, MaxStringLength: Int32, MaxByteStringLength: Int32,
        MaxArrayLength: Int32, MaxMessageSize: Int32, MaxBufferSize: Int32, ChannelLifetime: Int32,
        SecurityTokenLifetime: Int32,
    }
    KEY_VALUE_PAIR { Key: QualifiedName, Value: Variant }
    ADDITIONAL_PARAMETERS_TYPE { Parameters: Many(&Of(&KEY_VALUE_PAIR)) }
    EPHEMERAL_KEY_TYPE { PublicKey = "iia.opcua.PublicKey": ByteString, Signature: ByteString }
}
