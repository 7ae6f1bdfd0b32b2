namespace Gache.Server.Options;

/// <summary>How log lines look.</summary>
internal enum LogFormat
{
    /// <summary>Plain on a terminal, else JSON.</summary>
    Auto,

    /// <summary>For people.</summary>
    Plain,

    /// <summary>One JSON object a line.</summary>
    Json,
}
