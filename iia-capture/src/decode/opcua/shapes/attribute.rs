//! Attributes, their history, methods (OPC 10000-4, 5.10 and 5.11; OPC 10000-11, 6).

use super::super::words;
use super::channel::{REQUEST_HEADER, RESPONSE_HEADER};
use super::nodes::{CONTENT_FILTER, SIMPLE_ATTRIBUTE_OPERAND};
use crate::decode::opcua::shape::shapes;

shapes! {
    READ_VALUE_ID {
        NodeId: NodeId, AttributeId: Word(&words::ATTRIBUTE_ID), IndexRange: String, DataEncoding: QualifiedName,
    }
    READ_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), MaxAge: Double, TimestampsToReturn: Word(&words::TIMESTAMPS_TO_RETURN),
        NodesToRead: Many(&Of(&READ_VALUE_ID)),
    }
    READ_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&DataValue), DiagnosticInfos: Many(&DiagnosticInfo),
    }
    HISTORY_READ_VALUE_ID {
        NodeId: NodeId, IndexRange: String, DataEncoding: QualifiedName, ContinuationPoint: ByteString,
    }
    HISTORY_READ_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), HistoryReadDetails: ExtensionObject,
        TimestampsToReturn: Word(&words::TIMESTAMPS_TO_RETURN), ReleaseContinuationPoints: Boolean,
        NodesToRead: Many(&Of(&HISTORY_READ_VALUE_ID)),
    }
    HISTORY_READ_RESULT { StatusCode: StatusCode, ContinuationPoint: ByteString, HistoryData: ExtensionObject }
    HISTORY_READ_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&Of(&HISTORY_READ_RESULT)),
        DiagnosticInfos: Many(&DiagnosticInfo),
    }
    WRITE_VALUE { NodeId: NodeId, AttributeId: Word(&words::ATTRIBUTE_ID), IndexRange: String, Value: DataValue }
    WRITE_REQUEST { RequestHeader: Of(&REQUEST_HEADER), NodesToWrite: Many(&Of(&WRITE_VALUE)) }
    WRITE_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&StatusCode), DiagnosticInfos: Many(&DiagnosticInfo),
    }
    HISTORY_UPDATE_REQUEST { RequestHeader: Of(&REQUEST_HEADER), HistoryUpdateDetails: Many(&ExtensionObject) }
    HISTORY_UPDATE_RESULT {
        StatusCode: StatusCode, OperationResults: Many(&StatusCode), DiagnosticInfos: Many(&DiagnosticInfo),
    }
    HISTORY_UPDATE_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&Of(&HISTORY_UPDATE_RESULT)),
        DiagnosticInfos: Many(&DiagnosticInfo),
    }
    CALL_METHOD_REQUEST { ObjectId: NodeId, MethodId: NodeId, InputArguments: Many(&Variant) }
    CALL_REQUEST { RequestHeader: Of(&REQUEST_HEADER), MethodsToCall: Many(&Of(&CALL_METHOD_REQUEST)) }
    CALL_METHOD_RESULT {
        StatusCode: StatusCode, InputArgumentResults: Many(&StatusCode),
        InputArgumentDiagnosticInfos: Many(&DiagnosticInfo), OutputArguments: Many(&Variant),
    }
    CALL_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&Of(&CALL_METHOD_RESULT)),
        DiagnosticInfos: Many(&DiagnosticInfo),
    }
    READ_RAW_MODIFIED_DETAILS {
        IsReadModified: Boolean, StartTime: DateTime, EndTime: DateTime, NumValuesPerNode: UInt32,
        ReturnBounds: Boolean,
    }
    READ_AT_TIME_DETAILS { ReqTimes: Many(&DateTime), UseSimpleBounds: Boolean }
    READ_ANNOTATION_DATA_DETAILS { ReqTimes: Many(&DateTime) }
    AGGREGATE_CONFIGURATION {
        UseServerCapabilitiesDefaults: Boolean, TreatUncertainAsBad: Boolean, PercentDataBad: Byte,
        PercentDataGood: Byte, UseSlopedExtrapolation: Boolean,
    }
    READ_PROCESSED_DETAILS {
        StartTime: DateTime, EndTime: DateTime, ProcessingInterval: Double, AggregateType: Many(&NodeId),
        AggregateConfiguration: Of(&AGGREGATE_CONFIGURATION),
    }
    EVENT_FILTER { SelectClauses: Many(&Of(&SIMPLE_ATTRIBUTE_OPERAND)), WhereClause: Of(&CONTENT_FILTER) }
    READ_EVENT_DETAILS { NumValuesPerNode: UInt32, StartTime: DateTime, EndTime: DateTime, Filter: Of(&EVENT_FILTER) }
    HISTORY_DATA { DataValues: Many(&DataValue) }
    MODIFICATION_INFO { ModificationTime: DateTime, UpdateType: Word(&words::HISTORY_UPDATE_TYPE), UserName: String }
    HISTORY_MODIFIED_DATA { DataValues: Many(&DataValue), ModificationInfos: Many(&Of(&MODIFICATION_INFO)) }
    HISTORY_EVENT_FIELD_LIST { EventFields: Many(&Variant) }
    HISTORY_EVENT { Events: Many(&Of(&HISTORY_EVENT_FIELD_LIST)) }
    UPDATE_DATA_DETAILS {
        NodeId: NodeId, PerformInsertReplace: Word(&words::PERFORM_UPDATE_TYPE), UpdateValues: Many(&DataValue),
    }
    UPDATE_STRUCTURE_DATA_DETAILS {
        NodeId: NodeId, PerformInsertReplace: Word(&words::PERFORM_UPDATE_TYPE), UpdateValues: Many(&DataValue),
    }
    DELETE_RAW_MODIFIED_DETAILS { NodeId: NodeId, IsDeleteModified: Boolean, StartTime: DateTime, EndTime: DateTime }
    DELETE_AT_TIME_DETAILS { NodeId: NodeId, ReqTimes: Many(&DateTime) }
    DELETE_EVENT_DETAILS { NodeId: NodeId, EventIds: Many(&ByteString) }
    UPDATE_EVENT_DETAILS {
        NodeId: NodeId, PerformInsertReplace: Word(&words::PERFORM_UPDATE_TYPE), Filter: Of(&EVENT_FILTER),
        EventData: Many(&Of(&HISTORY_EVENT_FIELD_LIST)),
    }
    HISTORY_UPDATE_DETAILS { NodeId: NodeId }
    ANNOTATION { Message: String, UserName: String, AnnotationTime: DateTime }
}
