namespace Gache.Replication;

/// <summary>Why a transport cannot listen.</summary>
public enum ListenFailure
{
    /// <summary>The address cannot be read or resolved.</summary>
    BadAddress,

    /// <summary>Another process listens there.</summary>
    AddressInUse,

    /// <summary>The address is none of this machine's, or may not be used.</summary>
    AddressUnavailable,

    /// <summary>Other machines would reach it, and that was not allowed.</summary>
    NotLoopback,
}

/// <summary>The raft port cannot be opened; the message names the address and what to do.</summary>
public sealed class TransportListenException(ListenFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public ListenFailure Failure { get; } = failure;
}
